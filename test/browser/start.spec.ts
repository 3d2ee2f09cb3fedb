import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { launchChromium, watch } from './browser.js';
import { button, call, logIn } from './page.js';
import { QuickstartError, startIdentityProvider, startQuickstart } from './quickstart.js';

const closing: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(env: Record<string, string> = {}) {
  const quickstart = await startQuickstart(env);
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

async function freePort(): Promise<number> {
  const server = await occupy();
  const port = portOf(server);
  await promisify(server.close.bind(server))();
  return port;
}

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

describe('with an identity provider of somebody else', () => {
  it('starts while that is down, says so in words, and signs in as soon as it is up', async () => {
    const [port, idpPort] = [await freePort(), await freePort()];
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
