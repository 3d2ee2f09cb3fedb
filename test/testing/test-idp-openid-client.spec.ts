import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UserAgent } from '../fixtures/user-agent.js';
import { startTestIdp, type TestIdp } from '../../lib/testing/test-idp/index.js';

const redirectUri = 'http://127.0.0.1:1/callback';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp({
    clients: [
      {
        clientId: 'basic',
        clientSecret: 'secret: of %ümlaut+ & spaces',
        tokenEndpointAuthMethod: 'client_secret_basic',
      },
      { clientId: 'post', clientSecret: 'secret-of-post', tokenEndpointAuthMethod: 'client_secret_post' },
      { clientId: 'public' },
    ],
  });
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

/** Checks the signature of each ID token, too. */
function discover(clientId = 'basic'): Promise<oidc.Configuration> {
  const { clientSecret } = idp.client(clientId);
  const methods = { basic: oidc.ClientSecretBasic, post: oidc.ClientSecretPost, public: oidc.None };
  const authentication = methods[clientId as keyof typeof methods](clientSecret!);
  return oidc.discovery(new URL(idp.issuer), clientId, undefined, authentication, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });
}

async function authorize(config: oidc.Configuration, parameters: Record<string, string>, browser = new UserAgent()) {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), pkceCodeVerifier: verifier };
  const request = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  });
  const { url } = await browser.follow(request, { until: (location) => location.startsWith(redirectUri) });
  return { location: new URL(url), checks };
}

async function signIn(config: oidc.Configuration, parameters: Record<string, string> = {}, browser?: UserAgent) {
  const { location, checks } = await authorize(config, parameters, browser);
  return oidc.authorizationCodeGrant(config, location, { ...checks, idTokenExpected: true });
}

describe('openid-client', () => {
  it.each(['basic', 'post', 'public'])(
    'signs alice in at the %s client, with PKCE, nonce, state and iss',
    async (id) => {
      const tokens = await signIn(await discover(id));
      expect(tokens).toMatchObject({
        expires_in: 300,
        scope: 'openid profile email',
        refresh_token: expect.any(String),
      });
      expect(tokens.claims()).toMatchObject({
        sub: 'alice',
        preferred_username: 'alice',
        email: 'alice@example.org',
        realm_access: { roles: ['admin', 'user'] },
      });
    },
  );

  it('gets an access token that a resource server verifies (RFC 9068)', async () => {
    const { access_token: token } = await signIn(await discover());
    const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(`${idp.issuer}/jwks`)), {
      issuer: idp.issuer,
      audience: 'test-api',
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
    });
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: idp.keys[0]!.kid, typ: 'at+jwt' });
    expect(payload).toMatchObject({
      sub: 'alice',
      client_id: 'basic',
      scope: 'openid profile email',
      realm_access: { roles: ['admin', 'user'] },
    });
  });

  it('signs in whom loginAs or login_hint names, the hint first', async () => {
    const config = await discover();
    idp.loginAs('bob');
    expect((await signIn(config)).claims()?.sub).toBe('bob');
    expect((await signIn(config, { login_hint: 'alice' })).claims()?.sub).toBe('alice');
    expect((await signIn(config, { login_hint: 'alice@example.org' })).claims()?.sub).toBe('alice');
  });

  it('uses the session of the browser for prompt=none, and has none where nobody is signed in', async () => {
    const config = await discover();
    const browser = new UserAgent();
    const { location } = await authorize(config, { prompt: 'none' }, browser);
    expect(location.searchParams.get('error')).toBe('login_required');
    await signIn(config, { login_hint: 'bob' }, browser);
    expect((await signIn(config, { prompt: 'none' }, browser)).claims()?.sub).toBe('bob');
    expect((await signIn(config, {}, browser)).claims()?.sub).toBe('bob');
    const another = await authorize(config, { prompt: 'none', login_hint: 'alice' }, browser);
    expect(another.location.searchParams.get('error')).toBe('login_required');
    expect((await signIn(config, { prompt: 'login' }, browser)).claims()?.sub).toBe('alice');
  });

  it('has the user sign in again where the session is older than max_age', async () => {
    const config = await discover();
    const browser = new UserAgent();
    const start = Date.now();
    idp.change({ now: () => start });
    const first = await signIn(config, { max_age: '60' }, browser);
    idp.change({ now: () => start + 59_000 });
    const second = await authorize(config, { max_age: '60' }, browser);
    idp.change({ now: () => start + 120_000 });
    const third = await authorize(config, { max_age: '60', prompt: 'none' }, browser);
    expect(first.claims()?.auth_time).toBe(Math.floor(start / 1_000));
    expect(second.location.searchParams.has('code')).toBe(true);
    expect(third.location.searchParams.get('error')).toBe('login_required');
  });

  it('is told what the user or the test said instead', async () => {
    const config = await discover();
    idp.denyNextAuthorization();
    await expect(signIn(config)).rejects.toMatchObject({ error: 'access_denied' });
    idp.failNextAuthorization('temporarily_unavailable');
    await expect(signIn(config)).rejects.toMatchObject({ error: 'temporarily_unavailable' });
    expect((await signIn(config)).claims()?.sub).toBe('alice');
  });

  it('refreshes, and gets an ID token of the same login without a nonce', async () => {
    const config = await discover();
    const first = await signIn(config);
    const next = await oidc.refreshTokenGrant(config, first.refresh_token!);
    expect(next.refresh_token).not.toBe(first.refresh_token);
    expect(next.claims()).toMatchObject({
      sub: 'alice',
      auth_time: first.claims()!.auth_time,
      sid: first.claims()!['sid'],
    });
    expect(next.claims()).not.toHaveProperty('nonce');
  });

  it('refreshes with a smaller scope, never a larger one', async () => {
    const config = await discover();
    const { refresh_token: token } = await signIn(config, { scope: 'openid profile' });
    await expect(oidc.refreshTokenGrant(config, token!, { scope: 'openid email' })).rejects.toMatchObject({
      error: 'invalid_scope',
    });
    const next = await oidc.refreshTokenGrant(config, token!, { scope: 'openid' });
    expect(next.scope).toBe('openid');
    expect(decodeJwt(next.access_token)).not.toHaveProperty('name');
  });

  it('polls through the device flow', async () => {
    const config = await discover('public');
    idp.change({ deviceInterval: 0.01 });
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile' });
    expect(device).toMatchObject({ interval: 0.01, expires_in: 600 });
    const polling = oidc.pollDeviceAuthorizationGrant(config, device);
    await expect.poll(() => idp.requests('token').length).toBeGreaterThan(0);
    idp.approveDevice(device.user_code.toLowerCase(), 'bob');
    expect((await polling).claims()?.sub).toBe('bob');
  });

  it('is told that the user of a device said no', async () => {
    const config = await discover();
    idp.change({ deviceInterval: 0.01 });
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
    idp.denyDevice(device.user_code);
    await expect(oidc.pollDeviceAuthorizationGrant(config, device)).rejects.toMatchObject({ error: 'access_denied' });
  });

  it('acts for itself, with roles of its own', async () => {
    idp.client('basic').roles = ['machine'];
    const tokens = await oidc.clientCredentialsGrant(await discover(), { scope: 'openid orders:read' });
    expect(tokens).not.toHaveProperty('refresh_token');
    expect(tokens).not.toHaveProperty('id_token');
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      sub: 'basic',
      scope: 'orders:read',
      realm_access: { roles: ['machine'] },
    });
    await expect(oidc.clientCredentialsGrant(await discover('public'))).rejects.toMatchObject({
      error: 'unauthorized_client',
    });
  });

  it('asks userinfo, introspects and revokes', async () => {
    const config = await discover();
    const { access_token: access, refresh_token: refresh } = await signIn(config);
    expect(await oidc.fetchUserInfo(config, access, 'alice')).toMatchObject({
      name: 'Alice Liddell',
      realm_access: { roles: ['admin', 'user'] },
    });
    expect(await oidc.tokenIntrospection(config, access)).toMatchObject({ active: true, sub: 'alice' });
    expect(await oidc.tokenIntrospection(config, refresh!)).toMatchObject({ active: true, client_id: 'basic' });

    await oidc.tokenRevocation(config, access);
    await expect(oidc.fetchUserInfo(config, access, 'alice')).rejects.toMatchObject({ status: 401 });
    expect(await oidc.tokenIntrospection(config, refresh!)).toMatchObject({ active: true });
    await oidc.tokenRevocation(config, refresh!);
    expect(await oidc.tokenIntrospection(config, refresh!)).toEqual({ active: false });
    await expect(oidc.refreshTokenGrant(config, refresh!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await oidc.tokenRevocation(config, 'unknown');
  });

  it('logs out at the provider, and comes back with its state', async () => {
    const config = await discover();
    const browser = new UserAgent();
    const { id_token: hint, refresh_token: refresh } = await signIn(config, {}, browser);
    const after = 'http://127.0.0.1:1/bye';
    const { url } = await browser.follow(
      oidc.buildEndSessionUrl(config, { id_token_hint: hint!, post_logout_redirect_uri: after, state: 'mine' }),
      { until: (location) => location.startsWith(after) },
    );
    expect(url).toBe(`${after}?state=mine`);
    await expect(oidc.refreshTokenGrant(config, refresh!)).rejects.toMatchObject({ error: 'invalid_grant' });
    const { location } = await authorize(config, { prompt: 'none' }, browser);
    expect(location.searchParams.get('error')).toBe('login_required');
  });

  it('keeps tokens with offline_access beyond the logout', async () => {
    const config = await discover();
    const { refresh_token: refresh } = await signIn(config, { scope: 'openid offline_access' });
    await idp.logOut('alice');
    expect((await oidc.refreshTokenGrant(config, refresh!)).claims()?.sub).toBe('alice');
  });

  it.each(['PS256', 'ES256', 'EdDSA'] as const)('verifies tokens signed with %s', async (signingAlgorithm) => {
    const other = await startTestIdp({ signingAlgorithm });
    try {
      const { clientId, clientSecret } = other.options;
      const metadata = { client_secret: clientSecret!, id_token_signed_response_alg: signingAlgorithm };
      const config = await oidc.discovery(new URL(other.discoveryUrl), clientId, metadata, undefined, {
        execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
      });
      const tokens = await signIn(config);
      expect(tokens.claims()?.sub).toBe('alice');
      expect(decodeProtectedHeader(tokens.access_token).alg).toBe(signingAlgorithm);
    } finally {
      await other.close();
    }
  });
});
