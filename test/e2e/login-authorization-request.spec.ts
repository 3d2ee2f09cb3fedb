import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { authorizationRequest, caughtRedirect, loginAddress, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';
import type { OidcAuthOptions } from '../../lib/index.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const asked = (request: URL) => Object.fromEntries(request.searchParams);
const secret = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);

describe.each(adapters)('the authorization request, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), allowedScopes: ['orders:read'] } });
  });
  afterAll(() => app.close());

  it.each([
    ['our own callback', () => ownCallback(app)],
    ['a client that catches the redirect', () => caughtRedirect],
  ])('has exactly what OpenID Connect with PKCE needs, for %s', async (_, redirectUri) => {
    const redirect_uri = redirectUri();
    const request = await authorizationRequest(app, { redirect_uri });

    expect(`${request.origin}${request.pathname}`).toBe(`${op.issuer}/auth`);
    expect(asked(request)).toEqual({
      client_id: op.clients.confidential.clientId,
      response_type: 'code',
      redirect_uri,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[A-Za-z0-9_-]{200,}$/),
      nonce: secret,
      code_challenge: secret,
      code_challenge_method: 'S256',
    });
  });

  it('has another state, nonce and code challenge each time', async () => {
    const requests = await Promise.all(
      Array.from({ length: 5 }, () => authorizationRequest(app, { redirect_uri: ownCallback(app) })),
    );
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(new Set(requests.map((request) => request.searchParams.get(name))).size).toBe(requests.length);
    }
  });

  it('has the challenge of the verifier that redeems the code, which never leaves the server', async () => {
    const browser = new UserAgent();
    const redirect_uri = ownCallback(app);
    const request = await authorizationRequest(app, { redirect_uri }, browser);
    await browser.follow(request);

    const { code_verifier } = op.requests('token')[0]!.form as { code_verifier: string };
    const challenge = createHash('sha256').update(code_verifier).digest('base64url');
    expect(request.searchParams.get('code_challenge')).toBe(challenge);
    expect(request.href).not.toContain(code_verifier);
  });

  it('is a redirect that nobody stores and that tells the provider no referrer', async () => {
    const response = await app.fetch(loginAddress(app, { redirect_uri: ownCallback(app) }).slice(app.url.length));
    expect(response.status).toBe(302);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it.each([
    ['openid', 'openid'],
    ['profile', 'openid profile'],
    ['  profile   openid ', 'openid profile'],
    ['orders:read email', 'openid orders:read email'],
    ['openid offline_access', 'openid offline_access'],
    ['', 'openid profile email'],
  ])('asks for the scopes of the client within what is allowed: "%s"', async (scope, expected) => {
    const request = await authorizationRequest(app, { redirect_uri: ownCallback(app), scope });
    expect(request.searchParams.get('scope')).toBe(expected);
  });

  it.each(['orders:write', 'openid profile admin', 'PROFILE', 'profile,email', 'prof"ile', 'profil\u00e9'])(
    'asks for no scope beyond: "%s" is 400 invalid_scope',
    async (scope) => {
      const response = await new UserAgent().get(loginAddress(app, { redirect_uri: ownCallback(app), scope }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_scope', statusCode: 400 });
    },
  );

  it.each([
    ['true', 'openid profile email offline_access'],
    ['false', 'openid profile email'],
    ['', 'openid profile email'],
  ])('asks for offline_access where the client wants it: offline_access=%s', async (offline_access, expected) => {
    const request = await authorizationRequest(app, { redirect_uri: ownCallback(app), offline_access });
    expect(request.searchParams.get('scope')).toBe(expected);
  });

  it.each([
    ['login', 'login'],
    ['login consent select_account', 'login consent select_account'],
    ['none', null],
    ['', null],
  ])('passes prompt on, but for "none", which existing clients send by default: "%s"', async (prompt, expected) => {
    const request = await authorizationRequest(app, { redirect_uri: ownCallback(app), prompt });
    expect(request.searchParams.get('prompt')).toBe(expected);
  });

  it('passes login_hint, acr_values, ui_locales and max_age on as they are', async () => {
    const hints = {
      login_hint: 'bøb & co+1@example.org',
      acr_values: 'urn:a urn:b',
      ui_locales: 'de en',
      max_age: '0',
    };
    const request = await authorizationRequest(app, { redirect_uri: ownCallback(app), ...hints });
    expect(asked(request)).toMatchObject(hints);
  });

  it('passes nothing else on: not what is unknown, nor what would change the login', async () => {
    const query = {
      redirect_uri: ownCallback(app),
      nonce: 'mine',
      client_id: 'mine',
      response_type: 'token',
      response_mode: 'fragment',
      request_uri: 'https://evil.example/request',
      request: 'ey',
      claims: '{}',
      foo: 'bar',
    };
    const plain = await authorizationRequest(app, { redirect_uri: ownCallback(app) });
    const request = await authorizationRequest(app, query);
    expect(Object.keys(asked(request)).toSorted()).toEqual(Object.keys(asked(plain)).toSorted());
    expect(asked(request)).toMatchObject({ client_id: 'confidential-client', response_type: 'code' });
    expect(request.searchParams.get('nonce')).not.toBe('mine');
  });

  it('signs somebody in who comes with no query but the redirect URI', async () => {
    const answer = await signIn(app, { redirect_uri: caughtRedirect });
    expect(answer.code).toMatch(/./);
    expect(answer.searchParams.get('iss')).toBe(op.issuer);
  });
});

describe.each(adapters)('options that shape the authorization request, on $name', (adapter) => {
  const requestUnder = async (options: Partial<OidcAuthOptions>, query: Record<string, string> = {}) => {
    const app = await startApplication(adapter, { auth: { ...clientOptions(op), ...options } });
    try {
      const response = await app.fetch(
        `/auth/v2/login?${new URLSearchParams({ redirect_uri: ownCallback(app), ...query })}`,
      );
      const location = response.headers.get('location');
      return { status: response.status, request: location === null ? {} : asked(new URL(location)) };
    } finally {
      await app.close();
    }
  };

  it('scopes, as a list, too', async () => {
    const { request } = await requestUnder({ scopes: ['email', 'orders:read'] });
    expect(request['scope']).toBe('openid email orders:read');
  });

  it("offlineAccess: 'always' asks for it without being told to", async () => {
    const { request } = await requestUnder({ offlineAccess: 'always' });
    expect(request['scope']).toBe('openid profile email offline_access');
  });

  it.each([{ offline_access: 'true' }, { scope: 'openid offline_access' }])(
    'offlineAccess: false forbids to ask for it: %o',
    async (query) => {
      expect((await requestUnder({ offlineAccess: false }, query)).status).toBe(400);
      expect((await requestUnder({ offlineAccess: false })).status).toBe(302);
    },
  );

  it('authorizationParams are added, and give way to what the request says', async () => {
    const authorizationParams = { kc_idp_hint: 'google', audience: 'my api', prompt: 'login', ui_locales: 'fr' };
    const { request } = await requestUnder({ authorizationParams }, { ui_locales: 'de' });
    expect(request).toMatchObject({ ...authorizationParams, ui_locales: 'de' });
  });

  it.each(['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'code_challenge'])(
    'authorizationParams cannot replace %s: the application does not boot',
    async (name) => {
      await expect(requestUnder({ authorizationParams: { [name]: 'mine' } })).rejects.toThrow(name);
    },
  );
});
