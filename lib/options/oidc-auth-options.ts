import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { ClaimConstraints } from '../verification/constraints.js';
import type { BrokerStore } from '../store/broker-store.js';
import type { BrokerEvent } from '../broker/broker-events.js';
import type { SignatureAlgorithm, SigningAlgorithm } from './signature-algorithms.js';

/** How the application authenticates at the identity provider's token endpoint (OpenID Connect Core §9). */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none';

/** An entry of the key ring: 32 random bytes in base64 or base64url, or the client secret a key was derived from. */
export type EncryptionKey = string | { readonly fromClientSecret: string };

/** Another issuer whose access tokens are accepted. A string in `trustedIssuers` is its `issuer` alone. */
export interface TrustedIssuer {
  /** Compared byte for byte with `iss`. */
  issuer: string;
  /** Where its keys are. Default: of a broker the issuer with `brokerJwksPath`, of a provider what its metadata says. */
  jwksUri?: string | undefined;
  /** One of these must be in `aud`. Default: of a broker this application's `brokerAudience`, of a provider `audience`. */
  audience?: string | readonly string[] | undefined;
  /** Accepted signature algorithms. Default: all that have a public key. */
  algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** The only roles this issuer's tokens may claim; others are taken out of them. Default: any. */
  roles?: readonly string[] | undefined;
  /** Whether it is an application like this one or an identity provider. Default `'broker'` in broker mode, else `'idp'`. */
  kind?: 'broker' | 'idp' | undefined;
}

/**
 * The options of `OidcAuthModule.forRoot` and of what a `forRootAsync` factory returns. `undefined` means left out.
 * They are checked once at boot; all problems are reported in one error.
 */
export interface OidcAuthOptions {
  /** The client this application is registered as at the identity provider. */
  clientId: string;
  /** Its secret; without one the application is a public client. In broker mode 16 characters at least, if a key comes from it. */
  clientSecret?: string | undefined;
  /** Where the provider's metadata is: `…/.well-known/openid-configuration` (OpenID Connect Discovery §4). */
  discoveryUrl: string;
  /** Scopes of every login; `openid` is always added. Default `'profile email'`. */
  scopes?: string | readonly string[] | undefined;
  /** Scopes a login or device request may ask for beyond `scopes`, `openid` and `offline_access`. Default none. */
  allowedScopes?: string | readonly string[] | undefined;
  /**
   * An access token of the provider must hold one of these in `aud`; in broker mode that is what token exchange takes. Default: `aud` must hold `clientId`, or `azp`/`client_id` equal it.
   */
  audience?: string | readonly string[] | undefined;
  /** Claim constraints for guarded routes that set none; in broker mode also what must be met for a token to be issued. */
  claims?: ClaimConstraints | undefined;
  /**
   * `true` (default): the device flow asks for `offline_access`, login does with `?offline_access=true`; `'always'`:
   * login always does; `false`: neither may.
   */
  offlineAccess?: boolean | 'always' | undefined;
  /** Limit in ms for every outgoing request; a refresh in broker mode waits for 10 s at most. Default 10,000. */
  timeout?: number | undefined;
  /** Used for every outgoing request, e.g. to add a CA bundle or a proxy. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Seconds by which clocks may differ; `iat` of issued tokens is set back by them. Default 10. */
  clockTolerance?: number | undefined;
  /** Overrides `jwks_uri` of the provider's metadata. */
  jwksUri?: string | undefined;
  /** Overrides `issuer` of the provider's metadata; needed where it does not match `discoveryUrl`. */
  issuer?: string | undefined;
  /** Accepted signature algorithms. Default: those of the provider's metadata that have a public key, else RS256. */
  algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** What stands before `prefix` in the application's public address, with any global prefix and proxy path. */
  publicUrl?: string | undefined;
  /**
   * Exact redirect URIs that login accepts beyond `publicUrl`'s origin (our callback among it) and loopback addresses.
   */
  redirectUris?: readonly string[] | undefined;
  /** Exact URIs logout may lead to, beyond `publicUrl`'s origin, where the provider has no `end_session_endpoint`. */
  postLogoutRedirectUris?: readonly string[] | undefined;
  /** Parameters added to every authorization and device authorization request, e.g. `{ kc_idp_hint: 'github' }`. */
  authorizationParams?: Readonly<Record<string, string>> | undefined;
  /** Default: `client_secret_basic` if the provider lists it or lists nothing, else `client_secret_post`; `none` without a secret. */
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod | undefined;
  /** Allows a provider on plain http outside loopback, e.g. inside a cluster. Default `false`. */
  allowInsecureRequests?: boolean | undefined;
  /**
   * Claim paths in which roles are found; `{clientId}` stands for the client, `'*'` for every client's
   * `resource_access.*.roles`. Default: `realm_access.roles`, `resource_access.{clientId}.roles`, `groups`, `roles`.
   */
  roleSources?: readonly string[] | undefined;
  /**
   * Key ring; the first key encrypts, all decrypt. Default: one key derived from `clientSecret`; a public client gets a
   * random key that ends with the process, and must name one in broker mode.
   */
  encryptionKeys?: readonly EncryptionKey[] | undefined;
  /** Folder name of broker mode's embedded store. Default `'nestjs-oidc-auth'`. */
  appName?: string | undefined;
  /**
   * `true`: the application keeps the provider's tokens and issues its own (broker mode). Default `false`: clients hold
   * the provider's tokens (pass-through mode).
   */
  brokerMode?: boolean | undefined;
  /**
   * Broker mode: where its records are kept: `memory://`, `sqlite:///path`, `postgres://…`, `mysql://…`, `mariadb://…`. One
   * of this, `brokerStoreObj` and the `brokerStore` extra. Default: an SQLite file in the user's data folder.
   */
  brokerStoreUrl?: string | undefined;
  /** Broker mode: where its records are kept, e.g. `new TypeOrmBrokerStore(dataSource)`. Closed with the application. */
  brokerStoreObj?: BrokerStore | undefined;
  /** Broker mode: `aud` of issued tokens. Default: their `iss`. */
  brokerAudience?: string | undefined;
  /**
   * Broker mode: `iss` of issued tokens. Default: `publicUrl` with `prefix`, else `brokerAudience`. Sessions and keys belong to
   * it: with another one they are not found any more.
   */
  brokerIssuer?: string | undefined;
  /**
   * Broker mode: path of the JWKS, relative to `prefix`. With `forRootAsync` say it in `endpoints.jwks`, too. Default
   * `/auth/v2/.well-known/jwks.json`.
   */
  brokerJwksPath?: string | undefined;
  /**
   * Further issuers whose access tokens are accepted: in broker mode other applications like this one, else identity
   * providers. `iss` of a token tells whose user it is of. Default none.
   */
  trustedIssuers?: readonly (string | TrustedIssuer)[] | undefined;
  /** Broker mode: how issued tokens are signed. Peers in Python read RS256 only. Default `'RS256'`. */
  signingAlgorithm?: SigningAlgorithm | undefined;
  /** Broker mode: seconds after which a new signing key takes over, a day at least. Default 90 days. */
  signingKeyMaxAge?: number | undefined;
  /** Broker mode: lifetime of an access token in seconds, 1 to 86,400. Default 3,600. */
  accessTokenTtl?: number | undefined;
  /**
   * Lifetime of a refresh token in seconds: in broker mode of its own ones, anew at each refresh, else what is reported where the provider
   * names none. Default 30 days.
   */
  refreshTokenTtl?: number | undefined;
  /** Broker mode: seconds after which a session ends whatever happens. Default 90 days. */
  sessionMaxTtl?: number | undefined;
  /** Broker mode: seconds in which a rotated refresh token may be presented again, 0 to 3,600. Default 60. */
  refreshGracePeriod?: number | undefined;
  /** Broker mode: what `sub` of issued tokens is: the provider's `sub`, or `preferred_username`. Default `'sub'`. */
  subject?: 'sub' | 'username' | undefined;
  /**
   * Broker mode: further claims of issued tokens, made of the user's verified claims. May replace `roles` and profile
   * claims, never those that say who issued the token, to whom and for how long. Where it throws, no token is issued.
   */
  mapClaims?:
    | ((identity: Readonly<Record<string, unknown>>) => Record<string, unknown> | Promise<Record<string, unknown>>)
    | undefined;
  /** Broker mode: is told what happens to sessions and keys. Events hold no secret. What it throws is logged. */
  onEvent?: ((event: BrokerEvent) => void | Promise<void>) | undefined;
}

/** The names of the endpoints, as `endpoints` renames or leaves them out. */
export type EndpointName = 'login' | 'callback' | 'token' | 'device' | 'logout' | 'userinfo' | 'jwks' | 'metadata';

/** What is known before the application's providers exist: given beside the options, never from a factory. */
export interface OidcAuthModuleExtras {
  /** Stands before every endpoint's path and the paths of `controllers`. Default `''`. */
  prefix?: string | undefined;
  /** Makes guards and services available in every module. Default `true`. */
  isGlobal?: boolean | undefined;
  /** Another path (relative to `prefix`) for an endpoint, or `false` to leave it out. `logout` is GET and POST. */
  endpoints?: Partial<Record<EndpointName, string | false | undefined>> | undefined;
  /** The application's own controllers, mounted under `prefix`. */
  controllers?: readonly Type<unknown>[] | undefined;
  /** A subclass of `AuthController`; an overridden handler needs no decorator. */
  authController?: Type<unknown> | undefined;
  /** `true` guards every route of the application with `OidcGuard`; a subclass guards with that. Default `false`. */
  globalGuard?: boolean | Type<unknown> | undefined;
  /** Broker mode: the store as a Nest provider; it is closed with the application. */
  brokerStore?: BrokerStoreProvider | undefined;
  /** Modules whose providers the factory injects. */
  imports?: ModuleMetadata['imports'] | undefined;
}

/** A provider of a {@link BrokerStore}, without its token. */
export type BrokerStoreProvider =
  | { useClass: Type<BrokerStore> }
  | { useExisting: InjectionToken<BrokerStore> }
  | { useValue: BrokerStore }
  | {
      // oxlint-disable-next-line typescript/no-explicit-any -- Nest's own type of a factory
      useFactory: (...dependencies: any[]) => BrokerStore | Promise<BrokerStore>;
      inject?: readonly (InjectionToken | OptionalFactoryDependency)[] | undefined;
    };

/** Makes the options in a class of the application's own (`useClass`, `useExisting`). */
export interface OidcAuthOptionsFactory {
  /** Called once at boot. */
  createOidcAuthOptions(): OidcAuthOptions | Promise<OidcAuthOptions>;
}
