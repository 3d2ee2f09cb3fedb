import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type Fault, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectUnavailable } from '../fixtures/responses.js';
import { loginAddress, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

describe.each(adapters)('login while the provider is down, on $name', (adapter) => {
  let app: RunningApplication;
  const start = async (options: Partial<OidcAuthOptions> = {}) => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), ...options } });
  };
  afterEach(async () => {
    await app.close();
    await op.reset();
  });

  const login = (browser = new UserAgent()) => browser.get(loginAddress(app, { redirect_uri: ownCallback(app) }));

  it('is 503 with Retry-After and no cookie, and works once the provider is back', async () => {
    await op.down();
    await start();
    const response = await login();
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    await expectUnavailable(response);

    await op.up();
    await expect.poll(async () => (await login()).status).toBe(302);
  });

  it('tells the caller no address of the provider', async () => {
    await op.down();
    await start();
    expect(await (await login()).text()).not.toContain(new URL(op.issuer).host);
  });

  it.each<[string, Fault]>([
    ['breaks the connection', fault.down],
    ['answers 500', fault.status(500)],
    ['answers 503', fault.status(503, 'maintenance')],
    ['answers 429', fault.status(429)],
    ['does not answer in time', fault.hang],
  ])('is 503 where discovery %s', async (_, broken) => {
    op.faults.set('discovery', broken);
    await start({ timeout: 200 });
    await expectUnavailable(await login());
  });

  it.each<[string, Fault]>([
    ['HTML', fault.html],
    ['nothing', fault.empty],
    ['half a JSON', fault.garbage],
    ['a list', fault.status(200, [])],
    ['404', fault.status(404, '{}')],
    ['a redirect', fault.redirect('http://127.0.0.1:1/')],
    ['8 MB', fault.oversized],
    ['no issuer', fault.without('issuer')],
    ['no authorization_endpoint', fault.without('authorization_endpoint')],
    ['another issuer', fault.json((metadata) => ({ ...metadata, issuer: 'https://evil.example' }))],
  ])('is 502 where discovery answers %s', async (_, nonsense) => {
    op.faults.set('discovery', nonsense);
    await start();
    const response = await login();
    expect(response.headers.getSetCookie()).toEqual([]);
    const body = await expectBadGateway(response);
    expect(body.detail).not.toContain('evil.example');
  });

  it('still leads to the provider where it was known before: the browser may reach it', async () => {
    await start();
    expect((await login()).status).toBe(302);
    await op.down();
    expect((await login()).status).toBe(302);
  });

  it('refuses bad input without asking the provider', async () => {
    await op.down();
    await start();
    const response = await new UserAgent().get(loginAddress(app, { redirect_uri: 'https://evil.example/' }));
    expect(response.status).toBe(400);
  });

  it('ends with 503 at the callback where it went down in between, hung, or has lost its keys', async () => {
    await start({ timeout: 2_000 });
    const browser = new UserAgent();
    const query = { redirect_uri: ownCallback(app) };
    const answer = await signIn(app, query, browser);
    await op.down();
    await expectUnavailable(await browser.get(answer));
    await op.up();

    const later = await signIn(app, query, browser);
    op.faults.once('token', fault.hang);
    await expectUnavailable(await browser.get(later));
  });
});
