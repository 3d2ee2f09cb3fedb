import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { launchChromium, watch } from './browser.js';
import { button, call, logIn, sessionRow } from './page.js';
import { anyFreePort } from '../../scripts/start/ports.mjs';
import { QuickstartError, startIdentityProvider, startQuickstart } from '../fixtures/samples/quickstart.js';

const closing: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(env: Record<string, string> = {}, args: readonly string[] = []) {
  const quickstart = await startQuickstart(env, args);
  closing.push(() => quickstart.stop());
  return quickstart;
}

async function occupy(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('npm start', () => {
  it('prints the address and the people, answers there, and ends with both processes at Ctrl-C', async () => {
    const { page, provider, output, stop } = await start();
    expect(output()).toContain('alice / wonderland   (admin, user)');
    expect(output()).toContain('bob / builder        (user)');
    expect(output()).not.toMatch(/WARN|ERROR/i);
    expect(await (await fetch(page)).text()).toContain('<title>Quickstart');
    expect(await stop()).toBe(0);
    await expect(fetch(page)).rejects.toThrow('fetch failed');
    await expect(fetch(provider)).rejects.toThrow('fetch failed');
  });

  it('takes the next free port when one is in use, and says so', async () => {
    const taken = portOf(await occupy());
    const { page, output } = await start({ PORT: String(taken) });
    const used = new URL(page).port;
    expect(used).not.toBe(String(taken));
    expect(output()).toContain(`Port ${taken} is in use, so ${used} it is.`);
  });

  it('shows what a program said that could not start, and ends with a code that is not 0', async () => {
    const failed = startQuickstart({ OIDC_DISCOVERY_URL: 'ftp://idp.example.org', OIDC_CLIENT_ID: 'quickstart' });
    const { code, output } = await failed.then(
      () => expect.unreachable(),
      (error: QuickstartError) => error,
    );
    expect(code).toBe(1);
    expect(output).toMatch(/application │ .*discoveryUrl/);
    expect(output).toContain('The application has ended unexpectedly (code 1). What it said is above.');
  });

  it('says which setting is missing for another identity provider', async () => {
    const failed = startQuickstart({ OIDC_DISCOVERY_URL: 'https://idp.example.org/.well-known/openid-configuration' });
    await expect(failed).rejects.toThrow('OIDC_DISCOVERY_URL needs OIDC_CLIENT_ID');
  });
});

describe('the mode', () => {
  const modeOf = async (page: string) => ((await (await fetch(`${page}api/demo`)).json()) as { mode: string }).mode;

  it('is broker mode, and what is printed tells how to see the other one', async () => {
    const { page, output } = await start();
    expect(await modeOf(page)).toBe('broker');
    expect(output()).toContain('npm start -- --pass-through');
    expect(output()).toMatch(/Sessions in +\S+\.sqlite/);
  });

  it.each([
    { by: 'a flag', args: ['--pass-through'], env: {} },
    { by: 'the environment', args: [], env: { MODE: 'pass-through' } },
  ])('is pass-through mode by $by', async ({ args, env }) => {
    const { page, output } = await start(env, args);
    expect(await modeOf(page)).toBe('pass-through');
    expect(output()).toContain('npm start alone shows broker mode');
  });

  it('is refused where it has another name', async () => {
    await expect(startQuickstart({ MODE: 'passthrough' })).rejects.toThrow(
      'MODE must be broker or pass-through, not "passthrough".',
    );
  });
});

describe('a restart', () => {
  it('finds keys and sessions again; that the demo provider has forgotten them is told in words', async () => {
    const data = await mkdtemp(join(tmpdir(), 'quickstart-'));
    closing.push(() => rm(data, { recursive: true }));
    const first = await start({ DATA_FOLDER: data });
    const browser = await launchChromium();
    closing.push(() => browser.close());
    const page = await browser.newPage();
    await page.goto(first.page);
    await logIn(page, 'Alice');
    await page.goto('about:blank'); // the page would ask for news while nobody answers
    await first.stop();

    const portIn = (url: string) => new URL(url).port;
    await start({ DATA_FOLDER: data, PORT: portIn(first.page), IDP_PORT: portIn(first.provider) });
    const problems = watch(page, [{ status: 400, path: /\/token$/ }]);
    await page.goto(first.page);
    await sessionRow(page, 'This tab').waitFor();
    expect((await call(page, 'protected')).status).toBe('200 OK');
    await button(page, 'Refresh').click();
    await page.getByText('The demo identity provider forgets everybody when it is restarted.').waitFor();
    await logIn(page, 'Alice');
    expect(problems).toEqual([]);
  });
});

describe('with an identity provider of somebody else', () => {
  it('starts while that is down, says so in words, and signs in as soon as it is up', async () => {
    const [port, idpPort] = [await anyFreePort(), await anyFreePort()];
    const client = {
      OIDC_CLIENT_ID: 'somebody-elses',
      OIDC_CLIENT_SECRET: 'a secret of 32 characters or more',
      OIDC_AUDIENCE: 'urn:somebody-elses',
    };
    const { page: address, output } = await start({
      ...client,
      PORT: String(port),
      OIDC_DISCOVERY_URL: `http://localhost:${idpPort}/.well-known/openid-configuration`,
      DEMO_ROLE: 'user',
    });
    expect(output()).toContain(`Allow there  ${address} as redirect URI`);

    const browser = await launchChromium();
    closing.push(() => browser.close());
    const page = await browser.newPage();
    const problems = watch(page, [{ status: 503, path: /\/login$/ }]);
    await page.goto(address);
    await page.getByText(`localhost:${idpPort}`, { exact: true }).waitFor();
    await button(page, 'Log in').click();
    await page.getByText('The identity provider cannot be reached right now.').waitFor();

    const provider = await startIdentityProvider({ ...client, PORT: String(idpPort), APPLICATION_URLS: address });
    closing.push(() => provider.kill());
    await logIn(page, 'Bob');
    expect((await call(page, 'role')).status).toBe('200 OK');
    await button(page, 'Log out').click();
    await page.getByText('Logged out.').waitFor();
    expect(problems).toEqual([]);
  });
});
