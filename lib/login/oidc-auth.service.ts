import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import { DEVICE_CODE_GRANT } from '../provider/provider-answers.js';
import type { DeviceAuthorization } from '../provider/device-authorization.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { IdTokenVerifier } from '../verification/id-token-verifier.js';
import { AuthorizationRequests, type LoginRedirect, type LoginRequest } from './authorization-request.js';
import { CodeRedemption, type AuthorizationResponse, type CodeGrant } from './code-redemption.js';
import { RedirectPolicy } from './redirect-policy.js';
import { requestedScopes } from './requested-scopes.js';
import { TokenIssuer, type PublicKey, type SessionCredential, type TokenExchangeRequest } from './token-issuer.js';
import type { TokenResponse } from './token-response.js';
import { UserInfoService, type UserInfo } from './user-info.js';

/** RFC 8628 §3.2: seconds between polls where the provider names none. */
const DEFAULT_POLL_INTERVAL = 5;

/** What may accompany a logout; it goes on to the provider as it is (RP-Initiated Logout §2). */
export interface LogoutRequest {
  /**
   * Where the browser goes at last; where the provider has no place to log out, `publicUrl` or `postLogoutRedirectUris`
   * must allow it.
   */
  readonly post_logout_redirect_uri?: string | undefined;
  /** An ID token of the provider, by which it knows the session. In broker mode `endSession` fills it in. */
  readonly id_token_hint?: string | undefined;
  /** The provider hands it on to `post_logout_redirect_uri`. */
  readonly state?: string | undefined;
}

/**
 * Everything the endpoints do, for programs. Knows nothing of HTTP.
 *
 * Whatever asks the provider may throw {@link OidcAuthError} `provider_unreachable`, `provider_invalid_response` and,
 * where the provider refuses this application, `provider_rejected_client`; what mints a token in broker mode
 * `signing_key_unavailable`, `store_unavailable` and `map_claims_failed`.
 */
@Injectable()
export class OidcAuthService {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(IdTokenVerifier) private readonly idTokens: IdTokenVerifier,
    @Inject(AuthorizationRequests) private readonly authorizationRequests: AuthorizationRequests,
    @Inject(CodeRedemption) private readonly codes: CodeRedemption,
    @Inject(RedirectPolicy) private readonly redirects: RedirectPolicy,
    @Inject(TokenIssuer) private readonly issuer: TokenIssuer,
    @Inject(UserInfoService) private readonly users: UserInfoService,
  ) {}

  /**
   * The address at the provider where a login starts, and the cookie that must accompany it if it ends at our callback.
   *
   * @throws {@link OidcAuthError} `redirect_uri_not_allowed`, `invalid_scope`, `invalid_request`
   */
  login(request: LoginRequest): Promise<LoginRedirect> {
    return this.authorizationRequests.create(request);
  }

  /**
   * Completes a login that ends at our callback (RFC 6749 §4.1.2).
   *
   * @throws {@link OidcAuthError} `invalid_request`, `state_…`, `authorization_…`, `id_token_…`, `provider_error`; in
   *   broker mode also `claim_not_met`, `subject_changed`
   */
  completeLogin(response: AuthorizationResponse): Promise<TokenResponse> {
    return this.codes.atCallback(response);
  }

  /**
   * Redeems a code that a client caught itself (RFC 6749 §4.1.3), with PKCE (RFC 7636 §4.5).
   *
   * @throws {@link OidcAuthError} as {@link completeLogin}, but no `authorization_…`
   */
  redeemCode(grant: CodeGrant): Promise<TokenResponse> {
    return this.codes.atTokenEndpoint(grant);
  }

  /**
   * Redeems a refresh token (RFC 6749 §6).
   *
   * @throws {@link OidcAuthError} `provider_error` with `invalid_grant` where the refresh token is not valid any more,
   *   and `id_token_invalid`; in broker mode `refresh_token_invalid`, `session_ended`, `claim_not_met`,
   *   `subject_changed`, and, where trying again makes sense, `refresh_busy`, `shutting_down`
   */
  refresh(refreshToken: string): Promise<TokenResponse> {
    return this.issuer.refresh(refreshToken);
  }

  /**
   * Starts the device flow (RFC 8628 §3.1).
   *
   * @param scope separated by spaces, of `scopes` and `allowedScopes` only; all of `scopes` where left out
   * @throws {@link OidcAuthError} `device_flow_unsupported`, `invalid_scope`, `provider_error`
   */
  async authorizeDevice(scope?: string): Promise<DeviceAuthorization> {
    const asked = requestedScopes(this.options, scope, this.options.offlineAccess !== false);
    const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } =
      await this.provider.authorizeDevice({ ...this.options.authorizationParams, scope: asked });
    return {
      device_code,
      user_code,
      verification_uri,
      ...(verification_uri_complete === undefined ? {} : { verification_uri_complete }),
      expires_in,
      interval: interval ?? DEFAULT_POLL_INTERVAL,
    };
  }

  /**
   * One poll of the device flow (RFC 8628 §3.4).
   *
   * @throws {@link OidcAuthError} `provider_error` with its OAuth code, as `authorization_pending` (RFC 8628 §3.5);
   *   `id_token_invalid`; in broker mode also `claim_not_met`, `subject_changed`
   */
  async redeemDeviceCode(deviceCode: string): Promise<TokenResponse> {
    const tokens = await this.provider.grant(DEVICE_CODE_GRANT, {
      device_code: deviceCode,
    });
    const identity = tokens.id_token === undefined ? undefined : await this.idTokens.verify(tokens.id_token, {});
    return this.issuer.issue({ tokens, identity, askedScope: undefined });
  }

  /**
   * Exchanges an access token of the provider for one of this application (RFC 8693, broker mode only).
   *
   * @throws {@link OidcAuthError} `subject_token_invalid`, `invalid_target`, `invalid_scope`, `claim_not_met`,
   *   `id_token_invalid` where `subject` is `'username'` and nobody tells the name; in pass-through mode
   *   `unsupported_grant_type`
   */
  exchangeToken(request: TokenExchangeRequest): Promise<TokenResponse> {
    return this.issuer.exchange(request);
  }

  /**
   * Ends a session (broker mode only), and says where the browser goes to end the provider's.
   *
   * @throws {@link OidcAuthError} `token_…`, but never `token_expired`; `refresh_token_invalid`, `store_unavailable`;
   *   in pass-through mode `broker_mode_off`
   */
  async endSession(credential: SessionCredential, request: LogoutRequest): Promise<string> {
    const { idTokenHint } = await this.issuer.endSession(credential);
    return this.logoutUrl({ ...request, id_token_hint: idTokenHint });
  }

  /**
   * Where a browser goes to log out: the provider (RP-Initiated Logout §2), or, if it has no such place, an allowed
   * address or `/`.
   */
  async logoutUrl(request: LogoutRequest): Promise<string> {
    const { post_logout_redirect_uri: target } = request;
    const parameters = Object.entries(request).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const atProvider = await this.provider.endSessionUrl(Object.fromEntries(parameters));
    if (atProvider !== undefined) return atProvider;
    return target !== undefined && this.redirects.allowsPostLogout(target) ? target : '/';
  }

  /**
   * The keys this application signs its tokens with (RFC 7517 §5), and those it will sign with next.
   *
   * @throws {@link OidcAuthError} `store_unavailable`, `signing_key_unavailable`; in pass-through mode
   *   `broker_mode_off`
   */
  publicKeys(): Promise<readonly PublicKey[]> {
    return this.issuer.publicKeys();
  }

  /**
   * Who a verified token belongs to.
   *
   * @param claims of the token, as `TokenVerifier` told them
   * @throws {@link OidcAuthError} `subject_changed` where the provider answers for another user; in broker mode
   *   `store_unavailable`
   */
  userInfo(token: string, claims: IdTokenClaims): Promise<UserInfo> {
    return this.users.describe(token, claims);
  }
}
