import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { statusOfRawTarget } from '../fixtures/raw-bytes.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { loginCookies, ownCallback, signIn, type AuthorizationResponse } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const parameters = ['code', 'state', 'iss', 'error', 'error_description'];

describe.each(adapters)('bad input to the callback, on $name', (adapter) => {
  let app: RunningApplication;
  /** A login whose answer is good, as long as nobody has brought it to the callback. */
  let browser: UserAgent;
  let answer: AuthorizationResponse;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    browser = new UserAgent();
    answer = await signIn(app, { redirect_uri: ownCallback(app) }, browser);
  });

  async function expectRefused(response: Response, name = '') {
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    const body = await expectOAuthError(response, 400, 'invalid_request');
    expect(body.detail).toContain(name);
    expect(op.requests('token')).toEqual([]);
  }

  it.each(['', 'code=x', 'state=', 'state=&code=x', 'state[]=x&code=x', 'STATE=x&CODE=x'])(
    'is refused without a state: "%s"',
    async (query) => expectRefused(await browser.get(`${ownCallback(app)}?${query}`), 'state'),
  );

  it.each([
    ['missing', undefined],
    ['empty', ''],
  ])('is refused where the code is %s', async (_, code) => {
    await expectRefused(await browser.get(answer.with({ code })), 'code');
  });

  it.each(parameters)('is refused where %s is given twice, even with equal values', async (name) => {
    const value = answer.searchParams.get(name) ?? 'access_denied';
    const twice = `${answer.with({ [name]: value }).href}&${new URLSearchParams({ [name]: value })}`;
    await expectRefused(await browser.get(twice), `${name} is given more than once`);
  });

  it.each(parameters)('is refused where %s has 10,000 characters', async (name) => {
    await expectRefused(await browser.get(answer.with({ [name]: 'a'.repeat(10_000) })), name);
  });

  it.each(['error', 'error_description'])('counts an empty %s as left out', async (name) => {
    expect((await browser.get(answer.with({ [name]: '' }))).status).toBe(200);
  });

  it('ignores what it does not know, such as session_state', async () => {
    const more = '&session_state=x&scope=openid&x=1&x=2&__proto__=x&a[b]=c';
    expect((await browser.get(`${answer.href}${more}`)).status).toBe(200);
  });

  it.each(['%', '%zz', '%FF', '%E4', '%00', '%C3%28', '%ED%A0%80', 'a%0D%0AX-Injected:%201', '%22%3E%3Cscript%3E'])(
    'never fails over other charsets and broken encodings: %s',
    async (value) => {
      for (const name of parameters) {
        const { searchParams } = answer.with({ [name]: undefined });
        const response = await browser.get(`${ownCallback(app)}?${searchParams}&${name}=${value}`);
        expect(response.status).toBe(400);
        expect(response.headers.get('x-injected')).toBeNull();
        expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      }
    },
  );

  it('never fails over bytes that no URL may hold', async () => {
    expect(await statusOfRawTarget(app.url, '/auth/v2/callback?code=\u00e4&state=\u00fc')).toBe(400);
  });

  it.each([
    '',
    '=',
    ';;;',
    'oidc-login-=',
    '__Host-oidc-login-=x',
    `${'a=b; '.repeat(500)}`,
    'oidc-login-\u00e4=\u00e4',
  ])('never fails over odd cookies: "%s"', async (cookie) => {
    await expectRefused(await fetch(answer, { headers: { cookie }, redirect: 'manual' }));
  });

  it('refuses HEAD, as link checkers send it, and leaves the login to the person', async () => {
    const response = await browser.request(answer, { method: 'HEAD' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(loginCookies(app, browser)).toHaveLength(1);
    expect(op.requests('token')).toEqual([]);

    expect((await browser.get(answer)).status).toBe(200);
  });
});
