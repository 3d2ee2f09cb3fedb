import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdToken, IdTokenClaims, OidcGuard } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { authorizationRequest, loginAddress, loginCookies, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

@Controller()
class MeController {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims) {
    return { sub: token.sub, iss: token.iss };
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('login that ends at our own callback, on $name', (adapter) => {
  let app: RunningApplication;
  let query: { redirect_uri: string };

  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), module: { controllers: [MeController] } });
    query = { redirect_uri: ownCallback(app) };
  });
  afterAll(() => app.close());

  it('answers the tokens of the provider, which the guards then accept', async () => {
    const { response } = await new UserAgent().follow(loginAddress(app, query));
    expect(response.status).toBe(200);
    const tokens = (await response.json()) as { access_token: string };
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      access_token: expect.any(String),
      id_token: expect.any(String),
      scope: 'openid profile email',
    });

    const me = await app.fetch('/me', bearer(tokens.access_token));
    expect(await me.json()).toEqual({ sub: 'alice', iss: op.issuer });
  });

  it('is answered as JSON that nobody stores, and without a referrer', async () => {
    const { response } = await new UserAgent().follow(loginAddress(app, query));
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('redeems the code with the redirect URI the login was started with', async () => {
    await new UserAgent().follow(loginAddress(app, query));
    const [request, ...others] = op.requests('token');
    expect(others).toEqual([]);
    expect(request!.form).toMatchObject({ grant_type: 'authorization_code', ...query });
  });

  it('is bound to the browser by a cookie out of the reach of scripts and other sites', async () => {
    const response = await app.fetch(loginAddress(app, query).slice(app.url.length));
    const [cookie, ...others] = response.headers.getSetCookie();
    expect(others).toEqual([]);
    const [pair, ...attributes] = cookie!.split('; ');
    expect(pair).toMatch(/^oidc-login-[A-Za-z0-9_-]{12}=[A-Za-z0-9_-]{43}$/);
    expect(attributes.filter((attribute) => !attribute.startsWith('Expires=')).toSorted()).toEqual(
      ['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax'].toSorted(),
    );
  });

  it('keeps the value of the cookie from the provider', async () => {
    const browser = new UserAgent();
    const request = await authorizationRequest(app, query, browser);
    const [cookie] = loginCookies(app, browser);
    expect(decodeURIComponent(request.href)).not.toContain(cookie!.value);
  });

  it('works in two tabs of one browser at once, whichever ends first', async () => {
    const browser = new UserAgent();
    const first = await signIn(app, query, browser);
    const second = await signIn(app, query, browser);
    expect(loginCookies(app, browser)).toHaveLength(2);

    expect((await browser.get(second)).status).toBe(200);
    expect(loginCookies(app, browser)).toHaveLength(1);
    expect((await browser.get(first)).status).toBe(200);
    expect(loginCookies(app, browser)).toEqual([]);
  });

  it('gives the oldest up where more than eight are under way in one browser', async () => {
    const browser = new UserAgent();
    const answers = [];
    for (let tab = 0; tab < 10; tab++) {
      answers.push(await signIn(app, query, browser));
      expect(loginCookies(app, browser)).toHaveLength(Math.min(tab + 1, 8));
    }
    const statuses = [];
    for (const answer of answers) statuses.push((await browser.get(answer)).status);
    expect(statuses).toEqual([400, 400, ...Array.from({ length: 8 }, () => 200)]);
  });

  it("leaves the application's own cookies alone", async () => {
    const browser = new UserAgent();
    browser.cookies.store(app.url, ['session=mine; Path=/', 'oidc-loginx=mine; Path=/']);
    for (let tab = 0; tab < 9; tab++) await authorizationRequest(app, query, browser);
    await browser.get(await signIn(app, query, browser));
    const left = browser.cookies.for(app.url).map(({ name }) => name);
    expect(left).toEqual(expect.arrayContaining(['session', 'oidc-loginx']));
  });

  it.each([
    ['the login succeeded', {}, 200],
    ['the code is wrong', { code: 'wrong' }, 400],
    ['the code is missing', { code: undefined }, 400],
    ['the answer comes from another issuer', { iss: 'https://evil.example' }, 400],
    ['the provider refused', { code: undefined, error: 'access_denied' }, 403],
    ['a parameter is too long', { code: 'a'.repeat(5_000) }, 400],
  ])('removes the cookie where %s', async (_, changes, status) => {
    const browser = new UserAgent();
    const answer = await signIn(app, query, browser);
    const [cookie] = loginCookies(app, browser);
    const response = await browser.get(answer.with(changes));
    expect(response.status).toBe(status);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(new RegExp(`^${cookie!.name}=;.*Max-Age=0`)),
    ]);
    expect(loginCookies(app, browser)).toEqual([]);
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('cannot be redeemed at the token endpoint, even with everything the browser has', async () => {
    const browser = new UserAgent();
    const { code, state } = await signIn(app, query, browser);
    for (const proof of [{ code_verifier: state }, { state }, { code_verifier: `x|${state}` }]) {
      const response = await browser.post(`${app.url}/auth/v2/token`, form({ code, ...query, ...proof }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
    }
    expect(op.requests('token')).toEqual([]);
  });

  it('has no use for a code challenge of the client', async () => {
    const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
    const response = await new UserAgent().get(loginAddress(app, { ...query, ...challenge }));
    expect(response.status).toBe(400);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('works with a public client, too', async () => {
    const { clientId } = op.clients.public;
    const { discoveryUrl } = op;
    const publicApp = await startApplication(adapter, { auth: { clientId, discoveryUrl, audience: 'test-api' } });
    const { response } = await new UserAgent().follow(
      loginAddress(publicApp, { redirect_uri: ownCallback(publicApp) }),
    );
    expect(response.status).toBe(200);
    await publicApp.close();
  });
});
