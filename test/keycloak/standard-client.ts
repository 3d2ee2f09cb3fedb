import * as oauth from 'oauth4webapi';
import type { Application } from './application.js';
import type { KeycloakUser } from './keycloak-user.js';
import { confidentialClient, issuer as demoIssuer } from './realm.js';

/** Nobody listens there: the browser is stopped before it follows the redirect. */
export const redirectUri = 'http://127.0.0.1:53682/signed-in';

/** A standard client, for which the application's endpoints are the authorization server. It knows no secret. */
export class StandardClient {
  readonly server: oauth.AuthorizationServer;
  private readonly client: oauth.Client = { client_id: confidentialClient.clientId };
  private readonly options = { [oauth.allowInsecureRequests]: true };

  constructor({ url }: Application, { issuer } = { issuer: demoIssuer }) {
    this.server = {
      issuer,
      authorization_endpoint: `${url}/api/auth/v2/login`,
      token_endpoint: `${url}/api/auth/v2/token`,
      device_authorization_endpoint: `${url}/api/auth/v2/device`,
      userinfo_endpoint: `${url}/api/auth/v2/userinfo`,
      authorization_response_iss_parameter_supported: true,
    };
  }

  /** The code flow with PKCE (RFC 7636), `state` and `iss` (RFC 9207). */
  async signIn(user: KeycloakUser, parameters: Record<string, string> = {}): Promise<oauth.TokenEndpointResponse> {
    const verifier = oauth.generateRandomCodeVerifier();
    const callback = await this.authorize(user, { verifier, parameters });
    return this.redeem(callback, verifier);
  }

  async authorize(
    user: KeycloakUser,
    { verifier, parameters = {} }: { verifier: string; parameters?: Record<string, string> },
  ): Promise<URLSearchParams> {
    const state = oauth.generateRandomState();
    const url = new URL(this.server.authorization_endpoint!);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: this.client.client_id,
      redirect_uri: redirectUri,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...parameters,
    }).toString();
    return oauth.validateAuthResponse(this.server, this.client, await user.signIn(url.href, redirectUri), state);
  }

  async redeem(callback: URLSearchParams, verifier: string): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.authorizationCodeGrantRequest(
      this.server,
      this.client,
      oauth.None(),
      callback,
      redirectUri,
      verifier,
      this.options,
    );
    // The nonce in the ID token is the application's own, which has checked it: the client cannot know it.
    return oauth.processGenericTokenEndpointResponse(this.server, this.client, response);
  }

  async refresh(refreshToken: string): Promise<oauth.TokenEndpointResponse> {
    const { server, client, options } = this;
    const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, options);
    return oauth.processRefreshTokenResponse(server, client, response);
  }

  async startDevice(): Promise<oauth.DeviceAuthorizationResponse> {
    const { server, client, options } = this;
    const response = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), {}, options);
    return oauth.processDeviceAuthorizationResponse(server, client, response);
  }

  async pollDevice(deviceCode: string): Promise<oauth.TokenEndpointResponse> {
    const { server, client, options } = this;
    const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), deviceCode, options);
    return oauth.processDeviceCodeResponse(server, client, response);
  }

  async userInfo(accessToken: string, subject: string): Promise<oauth.UserInfoResponse> {
    const response = await oauth.userInfoRequest(this.server, this.client, accessToken, this.options);
    return oauth.processUserInfoResponse(this.server, this.client, subject, response);
  }
}
