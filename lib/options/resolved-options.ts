import type { BrokerStore } from '../store/broker-store.js';
import type { ClaimConstraints } from '../verification/constraints.js';
import type { SigningAlgorithm } from './signature-algorithms.js';
import type { OidcAuthOptions, TokenEndpointAuthMethod } from './oidc-auth-options.js';
import type { SignatureAlgorithm } from './signature-algorithms.js';
import type { ResolvedTrustedIssuer } from './trusted-issuers.js';

/** The options after defaults and validation: what every other part of the library reads. */
export interface ResolvedOptions {
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly discoveryUrl: URL;
  /** With `openid`. */
  readonly scopes: readonly string[];
  readonly allowedScopes: readonly string[];
  /** Empty where the option is not set. */
  readonly audience: readonly string[];
  readonly claims: ClaimConstraints;
  readonly offlineAccess: boolean | 'always';
  /** ms */
  readonly timeout: number;
  readonly fetch: typeof globalThis.fetch;
  /** s */
  readonly clockTolerance: number;
  readonly jwksUri: string | undefined;
  readonly issuer: string | undefined;
  readonly algorithms: readonly SignatureAlgorithm[] | undefined;
  /** Without a trailing slash. */
  readonly publicUrl: string | undefined;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly authorizationParams: Readonly<Record<string, string>>;
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod | undefined;
  readonly allowInsecureRequests: boolean;
  readonly roleSources: readonly string[];
  readonly encryptionKeys: NonNullable<OidcAuthOptions['encryptionKeys']>;
  /** s */
  readonly refreshTokenTtl: number;
  readonly trustedIssuers: readonly ResolvedTrustedIssuer[];
  /** `undefined` in pass-through mode. */
  readonly broker: BrokerOptions | undefined;
  /** Names of options that were given and have no effect, as nobody said anything about `brokerMode`. */
  readonly withoutEffect: readonly string[];
}

/** What only broker mode reads. Durations in s. */
export interface BrokerOptions {
  readonly issuer: string;
  /** Whether nothing but the audience names this application: peers cannot find it then. */
  readonly issuerIsAudience: boolean;
  readonly audience: string;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly signingKeyMaxAge: number;
  readonly accessTokenTtl: number;
  readonly sessionMaxTtl: number;
  readonly refreshGracePeriod: number;
  readonly subject: 'sub' | 'username';
  readonly mapClaims: NonNullable<OidcAuthOptions['mapClaims']>;
  readonly onEvent: OidcAuthOptions['onEvent'];
  readonly storeUrl: string | undefined;
  readonly storeObj: BrokerStore | undefined;
  /** Whether the store comes by the `brokerStore` extra. */
  readonly hasStoreProvider: boolean;
  readonly appName: string;
}

/** DI token of the {@link ResolvedOptions}. */
export const RESOLVED_OPTIONS = Symbol('nestjs-oidc-auth:resolved-options');
