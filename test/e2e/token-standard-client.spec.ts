import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const options = { [oauth.allowInsecureRequests]: true };

describe.each(adapters)('a standard client, for which we are the authorization server, on $name', (adapter) => {
  let app: RunningApplication;
  let server: oauth.AuthorizationServer;
  let client: oauth.Client;

  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
    client = { client_id: op.clients.confidential.clientId };
    server = {
      issuer: op.issuer,
      token_endpoint: `${app.url}/auth/v2/token`,
      device_authorization_endpoint: `${app.url}/auth/v2/device`,
      userinfo_endpoint: `${app.url}/auth/v2/userinfo`,
    };
  });
  afterAll(() => app.close());

  async function refresh(refreshToken: string, authentication = oauth.None()): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options);
    return oauth.processRefreshTokenResponse(server, client, response);
  }

  async function poll(deviceCode: string): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), deviceCode, options);
    return oauth.processDeviceCodeResponse(server, client, response);
  }

  it('refreshes, whatever it authenticates itself with', async () => {
    const first = await refresh((await signIn(app)).refresh_token!);
    expect(first).toMatchObject({ token_type: 'bearer', expires_in: 3_600, scope: 'openid profile email' });
    const second = await refresh(first.refresh_token!, oauth.ClientSecretBasic('whatever'));
    const third = await refresh(second.refresh_token!, oauth.ClientSecretPost('whatever'));
    expect(third.access_token).not.toBe(first.access_token);
  });

  it('understands why a refresh is refused', async () => {
    await expect(refresh('unknown')).rejects.toMatchObject({
      name: 'ResponseBodyError',
      error: 'invalid_grant',
      status: 400,
    });
  });

  it('goes through the device flow', async () => {
    const started = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), {}, options);
    const device = await oauth.processDeviceAuthorizationResponse(server, client, started);
    await expect(poll(device.device_code)).rejects.toMatchObject({ error: 'authorization_pending' });

    await op.approveDevice(device.user_code, 'bob');
    const tokens = await poll(device.device_code);
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: 'bob' });

    const response = await oauth.userInfoRequest(server, client, tokens.access_token, options);
    const user = await oauth.processUserInfoResponse(server, client, 'bob', response);
    expect(user).toMatchObject({ sub: 'bob', name: 'Bob Builder' });
  });
});
