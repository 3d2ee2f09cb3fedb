import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const flags = [
  '--no-sandbox', // Chromium refuses to run as root with it, as in most containers
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no browser at ${executablePath}. Install one (Debian, Ubuntu: apt-get install chromium), ` +
        'or set CHROMIUM_PATH to a Chromium or Chrome, then run npm run test:browser again.',
    );
  }
  return chromium.launch({ executablePath, args: flags });
}

export interface Expected {
  readonly status: number;
  readonly path: RegExp;
}

/** Routes that refuse are part of the demonstration. */
const refusals: Expected[] = [
  { status: 401, path: /^\/api\/demo\// },
  { status: 403, path: /^\/api\/demo\// },
];

/** Collects what nobody should ever see: errors on the console, uncaught ones, requests that failed unexpectedly. */
export function watch(page: Page, expected: readonly Expected[] = []): string[] {
  const problems: string[] = [];
  const isExpected = (status: number, url: string) =>
    [...refusals, ...expected].some((one) => one.status === status && one.path.test(new URL(url).pathname));
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => {
    const error = request.failure()?.errorText;
    // Who leaves a page, or closes it, breaks off what it was still asking for. A redirect that the page asked not to
    // follow (it only looks whether there is one) counts as aborted, too.
    const isBrokenOff = request.resourceType() === 'fetch' || /\/favicon\.\w+$/.test(request.url());
    if (error !== 'net::ERR_ABORTED' || !isBrokenOff) problems.push(`failed: ${request.url()} ${error}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && !isExpected(response.status(), response.url())) {
      problems.push(`${response.status()} ${response.url()}`);
    }
  });
  page.on('console', (message) => {
    // Chromium reports every status of 400 and more; 'response' above has judged it with its address.
    const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status of');
    if (message.type() === 'error' && !isStatus) problems.push(`console: ${message.text()}`);
  });
  return problems;
}
