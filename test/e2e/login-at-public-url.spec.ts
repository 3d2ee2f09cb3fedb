import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { authorizationRequest, loginCookies, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

/** A proxy ends https and strips a path before the application. */
const publicUrl = 'https://app.example.org/base';
const redirect_uri = `${publicUrl}/api/auth/v2/callback`;

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ redirectUris: [redirect_uri] });
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('login at a public https address, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), publicUrl, prefix: '/api' } });
  });
  afterAll(() => app.close());

  const login = (query: Record<string, string>, headers = {}) =>
    app.fetch(`/api/auth/v2/login?${new URLSearchParams(query)}`, { headers });

  /** The login as far as the answer of the provider, which the proxy hands to the application. */
  async function signInBehindProxy(browser: UserAgent) {
    const start = await browser.get(`${app.url}/api/auth/v2/login?${new URLSearchParams({ redirect_uri })}`);
    const request = new URL(start.headers.get('location')!);
    const { url } = await browser.follow(request, { until: (location) => location.startsWith(redirect_uri) });
    return url.replace(publicUrl, app.url);
  }

  it('is bound by a cookie that only this host can set, and only https carries', async () => {
    const [cookie, ...others] = (await login({ redirect_uri })).headers.getSetCookie();
    expect(others).toEqual([]);
    const [pair, ...attributes] = cookie!.split('; ');
    expect(pair).toMatch(/^__Host-oidc-login-[A-Za-z0-9_-]{12}=[A-Za-z0-9_-]{43}$/);
    expect(attributes.filter((attribute) => !attribute.startsWith('Expires=')).toSorted()).toEqual(
      ['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax', 'Secure'].toSorted(),
    );
  });

  it('ends with tokens, and the cookie is removed as it was set', async () => {
    const browser = new UserAgent();
    const response = await browser.get(await signInBehindProxy(browser));
    expect(response.status).toBe(200);
    const [removal] = response.headers.getSetCookie();
    expect(removal).toMatch(/^__Host-oidc-login-[^=]+=;/);
    expect(removal!.split('; ')).toEqual(expect.arrayContaining(['Max-Age=0', 'Path=/', 'Secure']));
    expect(loginCookies(app, browser)).toEqual([]);
  });

  it('takes no cookie without the prefix, which a neighbouring host could have planted', async () => {
    const attacker = new UserAgent();
    const answer = await signInBehindProxy(attacker);
    const cookie = loginCookies(app, attacker)[0]!;

    const planted = { cookie: `${cookie.name.replace('__Host-', '')}=${cookie.value}` };
    const response = await fetch(answer, { headers: planted });
    expect(response.status).toBe(400);
    expect(op.requests('token')).toEqual([]);
  });

  it('gives the oldest of more than eight up, as it was set', async () => {
    const cookie = Array.from({ length: 8 }, (_, tab) => `__Host-oidc-login-tab${tab}=x`).join('; ');
    const [removal, added, ...others] = (await login({ redirect_uri }, { cookie })).headers.getSetCookie();
    expect(removal).toMatch(/^__Host-oidc-login-tab0=;.*Max-Age=0/);
    expect(removal).toContain('Secure');
    expect(added).toMatch(/^__Host-oidc-login-[^=]{12}=[^;]+;/);
    expect(others).toEqual([]);
  });

  it('knows its own callback by publicUrl, however the address is spelled', async () => {
    const spelled = redirect_uri.replace('app.example.org', 'APP.example.org:443');
    expect((await login({ redirect_uri: spelled })).headers.getSetCookie()).toHaveLength(1);
  });

  it.each([
    ['the address the request was sent to', () => `${app.url}/api/auth/v2/callback`],
    ['another page of publicUrl', () => `${publicUrl}/signed-in`],
    ['the callback without the path the proxy strips', () => 'https://app.example.org/api/auth/v2/callback'],
  ])('takes %s for a client that catches the redirect', async (_, redirectUri) => {
    const response = await login({ redirect_uri: redirectUri() });
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('judges by publicUrl alone, not by the headers of a proxy', async () => {
    const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
    const [cookie] = (await login({ redirect_uri }, headers)).headers.getSetCookie();
    expect(cookie).toContain('Secure');
    expect((await login({ redirect_uri: 'https://evil.example/api/auth/v2/callback' }, headers)).status).toBe(400);
  });
});

describe.each(adapters)('login at a callback of another path, on $name', (adapter) => {
  it.each([
    ['under a prefix', { prefix: '/api' }, '', '/api/auth/v2/login', '/api/auth/v2/callback'],
    ['renamed', { endpoints: { login: '/in', callback: '/back' } }, '', '/in', '/back'],
    ['under a global prefix', { prefix: '/api' }, 'v1', '/v1/api/auth/v2/login', '/v1/api/auth/v2/callback'],
  ])('works without publicUrl: %s', async (_, extras, globalPrefix, loginPath, callbackPath) => {
    const app = await startApplication(adapter, {
      auth: { ...clientOptions(op), ...extras },
      configure: (nest) => void nest.setGlobalPrefix(globalPrefix),
    });
    const query = new URLSearchParams({ redirect_uri: `${app.url}${callbackPath}` });
    const { response } = await new UserAgent().follow(`${app.url}${loginPath}?${query}`);
    expect(response.status).toBe(200);
    await app.close();
  });

  it('needs publicUrl only where requests arrive under another name', async () => {
    const app = await startApplication(adapter, { auth: clientOptions(op) });
    const browser = new UserAgent();
    const named = { ...app, url: app.url.replace('127.0.0.1', 'localhost') };
    const request = await authorizationRequest(app, { redirect_uri: ownCallback(named) }, browser);
    expect(request.searchParams.get('redirect_uri')).toContain('localhost');
    expect(loginCookies(app, browser)).toEqual([]);
    const answer = await signIn(app, { redirect_uri: ownCallback(named) }, browser);
    expect((await browser.get(answer.at(app))).status).toBe(400);
    await app.close();
  });
});
