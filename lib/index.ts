export { OidcAuthModule, type OidcAuthModuleAsyncOptions } from './oidc-auth.module.js';
export type {
  BrokerStoreProvider,
  EncryptionKey,
  EndpointName,
  OidcAuthModuleExtras,
  OidcAuthOptions,
  OidcAuthOptionsFactory,
  TokenEndpointAuthMethod,
  TrustedIssuer,
} from './options/oidc-auth-options.js';

export type { SignatureAlgorithm, SigningAlgorithm } from './options/signature-algorithms.js';

export { OidcGuard } from './guards/oidc.guard.js';
export type { Demand } from './guards/route-policy.js';
export { OptionalOidcGuard } from './guards/optional-oidc.guard.js';
export { Auth, OptionalAuth } from './decorators/auth.decorator.js';
export { Claims, Roles, Scopes } from './decorators/constraint.decorators.js';
export { IdToken } from './decorators/id-token.decorator.js';
export { Public } from './decorators/public.decorator.js';

export { AuthController } from './endpoints/auth.controller.js';
export type { HttpRequest } from './http/http-request.js';
export { OidcAuthService, type LogoutRequest } from './login/oidc-auth.service.js';
export type { LoginRedirect, LoginRequest } from './login/authorization-request.js';
export type { BrowserBinding, BrowserCookie } from './login/browser-binding.js';
export type { AuthorizationResponse, CodeGrant } from './login/code-redemption.js';
export type { PublicKey, SessionCredential, TokenExchangeRequest } from './login/token-issuer.js';
export type { TokenResponse } from './login/token-response.js';
export type { UserInfo } from './login/user-info.js';
export type { DeviceAuthorization } from './provider/device-authorization.js';

export type { ReencryptionReport } from './broker/records/reencryption.js';
export { TokenBroker, type MintRequest } from './broker/token-broker.js';
export type { SessionInfo } from './broker/sessions/session-info.js';
export type { BrokerEvent, KeyRotationReason, MintingReason, SessionEnd } from './broker/broker-events.js';

export { TokenVerifier } from './verification/token-verifier.js';
export { IdTokenClaims, type JsonValue } from './verification/claims.js';
export type {
  AuthorizationConstraints,
  ClaimConstraint,
  ClaimConstraints,
  ClaimScalar,
} from './verification/constraints.js';

export {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type IdentifiedBrokerRecord,
} from './store/broker-store.js';
export { MemoryBrokerStore } from './store/memory-broker-store.js';
export { OidcAuthError, type OidcAuthErrorCode, type OidcAuthErrorDetails } from './errors/oidc-auth-error.js';
