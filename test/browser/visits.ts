import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchChromium, watch, type Expected } from './browser.js';
import type { Mode } from './modes.js';
import { button } from './page.js';
import { startQuickstart, type Quickstart } from '../fixtures/samples/quickstart.js';

export interface Visits {
  readonly browser: Browser;
  readonly quickstart: Quickstart;
  /** Opens the page in a browser of its own. A test fails by what nobody should see there, but for what it expects. */
  open(options?: BrowserContextOptions, expected?: Expected[]): Promise<Page>;
  /** The same in another tab of a browser. */
  openIn(context: BrowserContext, expected?: Expected[]): Promise<Page>;
}

/** A quickstart and a browser for the tests of a block. */
export function visits({ args }: Mode): Visits {
  let browser: Browser;
  let quickstart: Quickstart;
  const problems: string[][] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    quickstart = await startQuickstart({}, args);
  });

  afterAll(async () => {
    await browser?.close();
    await quickstart?.stop();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const met = problems.splice(0).flat();
    if (met.length > 0) throw new Error(`The browser met problems:\n${met.join('\n')}`);
  });

  const openIn = async (context: BrowserContext, expected: Expected[] = []) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    problems.push(watch(page, expected));
    await page.goto(quickstart.page);
    await button(page, 'Log in').waitFor();
    return page;
  };

  return {
    get browser() {
      return browser;
    },
    get quickstart() {
      return quickstart;
    },
    open: async (options = {}, expected = []) =>
      openIn(await browser.newContext({ locale: 'en-GB', ...options }), expected),
    openIn,
  };
}
