import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { brokerUrl, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { authorizationRequest, answerOf, caughtRedirect } from '../fixtures/sign-in.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const options = { [oauth.allowInsecureRequests]: true };

describe.each(adapters)('a standard client of an application in broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  let server: oauth.AuthorizationServer;
  let client: oauth.Client;

  beforeAll(async () => {
    app = await startBroker(adapter, op, { auth: { brokerAudience: 'my-api' } });
    client = { client_id: op.clients.confidential.clientId };
    server = {
      issuer: brokerUrl,
      token_endpoint: `${app.url}/auth/v2/token`,
      device_authorization_endpoint: `${app.url}/auth/v2/device`,
      userinfo_endpoint: `${app.url}/auth/v2/userinfo`,
      jwks_uri: `${app.url}/auth/v2/.well-known/jwks.json`,
    };
  });
  afterAll(() => app.close());

  async function signIn(): Promise<oauth.TokenEndpointResponse> {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const request = await authorizationRequest(app, {
      redirect_uri: caughtRedirect,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const callback = await answerOf(request, caughtRedirect);
    // The redirect comes from the provider, and names it (RFC 9207).
    const parameters = oauth.validateAuthResponse({ ...server, issuer: op.issuer }, client, callback, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      parameters,
      caughtRedirect,
      verifier,
      options,
    );
    return oauth.processAuthorizationCodeResponse(server, client, response);
  }

  /** What a resource server does that trusts this application (RFC 9068 §4). */
  const validate = (token: string) =>
    oauth.validateJwtAccessToken(server, new Request(brokerUrl, bearer(token)), 'my-api', options);

  it('signs in with its own PKCE, refreshes, and asks who it is', async () => {
    const tokens = await signIn();
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3_600, scope: 'openid profile email' });
    expect(tokens.id_token).toBeUndefined();

    const request = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token!, options);
    const next = await oauth.processRefreshTokenResponse(server, client, request);
    expect(next.refresh_token).not.toBe(tokens.refresh_token);

    const response = await oauth.userInfoRequest(server, client, next.access_token, options);
    expect(await oauth.processUserInfoResponse(server, client, 'alice', response)).toMatchObject({
      given_name: 'Alice',
    });
  });

  it('gets access tokens that a resource server verifies with the published keys', async () => {
    const { access_token } = await signIn();
    expect(await validate(access_token)).toMatchObject({
      iss: brokerUrl,
      aud: 'my-api',
      sub: 'alice',
      client_id: client.client_id,
      scope: 'openid profile email',
      jti: expect.any(String),
    });
    await expect(validate(`${access_token.slice(0, -8)}AAAAAAAA`)).rejects.toThrow();
  });

  it('goes through the device flow', async () => {
    const started = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), {}, options);
    const device = await oauth.processDeviceAuthorizationResponse(server, client, started);
    const poll = async () => {
      const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), device.device_code, options);
      return oauth.processDeviceCodeResponse(server, client, response);
    };
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    await op.approveDevice(device.user_code, 'bob');
    expect(await validate((await poll()).access_token)).toMatchObject({ sub: 'bob' });
  });

  it('exchanges a token of the provider', async () => {
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.None(),
      'urn:ietf:params:oauth:grant-type:token-exchange',
      { subject_token: await op.mint(), subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      options,
    );
    const tokens = await oauth.processGenericTokenEndpointResponse(server, client, response);
    expect(await validate(tokens.access_token)).toMatchObject({ sub: 'alice' });
  });

  it('understands why a refresh is refused', async () => {
    const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), 'unknown', options);
    await expect(oauth.processRefreshTokenResponse(server, client, response)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    });
  });
});
