import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newPkce } from '../fixtures/pkce.js';
import { startTestIdp, type TestIdp } from '../../lib/testing/test-idp/index.js';

const redirectUri = 'http://127.0.0.1:1/callback';
const insecure = { [oauth.allowInsecureRequests]: true };

let idp: TestIdp;
let server: oauth.AuthorizationServer;
const client: oauth.Client = { client_id: 'test-client' };
let secret: oauth.ClientAuth;
beforeAll(async () => {
  idp = await startTestIdp();
  const issuer = new URL(idp.issuer);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  secret = oauth.ClientSecretBasic(idp.options.clientSecret!);
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

async function signIn(scope = 'openid profile'): Promise<oauth.TokenEndpointResponse> {
  const { code_verifier, challenge } = await newPkce();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const request = new URL(server.authorization_endpoint!);
  const parameters = { ...client, response_type: 'code', redirect_uri: redirectUri, scope, state, nonce, ...challenge };
  for (const [name, value] of Object.entries(parameters)) request.searchParams.set(name, String(value));
  const answer = await fetch(request, { redirect: 'manual' });
  const callback = oauth.validateAuthResponse(server, client, new URL(answer.headers.get('location')!), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    secret,
    callback,
    redirectUri,
    code_verifier,
    insecure,
  );
  return oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
}

describe('oauth4webapi', () => {
  it('signs in, with state, nonce, PKCE and iss, and verifies the access token (RFC 9068)', async () => {
    const tokens = await signIn();
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: 'alice', name: 'Alice Liddell' });
    const request = new Request('https://api.example.org', {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const claims = await oauth.validateJwtAccessToken(server, request, 'test-api', insecure);
    expect(claims).toMatchObject({ sub: 'alice', client_id: 'test-client', scope: 'openid profile' });
  });

  it('refreshes, asks userinfo, introspects and revokes', async () => {
    const { refresh_token: first } = await signIn();
    const refreshed = await oauth.refreshTokenGrantRequest(server, client, secret, first!, insecure);
    const { access_token, refresh_token } = await oauth.processRefreshTokenResponse(server, client, refreshed);
    const info = await oauth.userInfoRequest(server, client, access_token, insecure);
    expect(await oauth.processUserInfoResponse(server, client, 'alice', info)).toMatchObject({ given_name: 'Alice' });

    const introspect = async () =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, secret, access_token, insecure),
      );
    expect(await introspect()).toMatchObject({ active: true, sub: 'alice', token_type: 'Bearer' });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, secret, refresh_token!, insecure),
    );
    expect(await introspect()).toMatchObject({ active: false });
  });

  it('goes through the device flow: pending, too soon, approved, redeemed', async () => {
    const started = await oauth.deviceAuthorizationRequest(server, client, secret, { scope: 'openid' }, insecure);
    const device = await oauth.processDeviceAuthorizationResponse(server, client, started);
    const poll = async () => {
      const response = await oauth.deviceCodeGrantRequest(server, client, secret, device.device_code, insecure);
      return oauth.processDeviceCodeResponse(server, client, response);
    };
    const start = Date.now();
    idp.change({ now: () => start });
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    await expect(poll()).rejects.toMatchObject({ error: 'slow_down' });
    idp.change({ now: () => start + 5_999 });
    await expect(poll()).rejects.toMatchObject({ error: 'slow_down' });
    idp.change({ now: () => start + 17_000 });
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    idp.change({ now: Date.now });
    idp.approveDevice(device.user_code);
    expect(oauth.getValidatedIdTokenClaims(await poll())?.sub).toBe('alice');
    await expect(poll()).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('is told that a device code has expired', async () => {
    const started = await oauth.deviceAuthorizationRequest(server, client, secret, {}, insecure);
    const device = await oauth.processDeviceAuthorizationResponse(server, client, started);
    const end = Date.now() + 600_000;
    idp.change({ now: () => end });
    const response = await oauth.deviceCodeGrantRequest(server, client, secret, device.device_code, insecure);
    await expect(oauth.processDeviceCodeResponse(server, client, response)).rejects.toMatchObject({
      error: 'expired_token',
    });
    expect(() => idp.approveDevice(device.user_code)).toThrow('has expired');
  });

  it('acts for itself', async () => {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      secret,
      { scope: 'orders:read' },
      insecure,
    );
    const tokens = await oauth.processClientCredentialsResponse(server, client, response);
    expect(tokens.scope).toBe('orders:read');
  });
});
