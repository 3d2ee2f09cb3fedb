import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { ClaimConstraints } from '../verification/constraints.js';
import type { BrokerStore } from '../store/broker-store.js';
import type { BrokerEvent } from '../broker/broker-events.js';
import type { SignatureAlgorithm, SigningAlgorithm } from './signature-algorithms.js';

/** How the application authenticates at the identity provider's token endpoint (OpenID Connect Core §9). */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none';

/** An entry of the key ring: 32 random bytes in base64 or base64url, or the client secret a key is derived from. */
export type EncryptionKey = string | { readonly fromClientSecret: string };

/** Another issuer whose access tokens are accepted. A string in `trustedIssuers` is its `issuer` alone. */
export interface TrustedIssuer {
  /**
   * Compared byte for byte with `iss`. A URL without query and fragment (RFC 8414 §2); https, unless it is on loopback
   * or `allowInsecureRequests` is set. Not the one whose tokens are accepted anyway: in broker mode this application,
   * else its identity provider.
   */
  issuer: string;
  /**
   * Where its keys are (RFC 7517 §5); https as `issuer`. Default: of a broker `issuer` with `brokerJwksPath` behind it,
   * of a provider what its metadata says (OpenID Connect Discovery §4).
   */
  jwksUri?: string | undefined;
  /**
   * One of these, a string or a list that is not empty, must be in `aud`. Default: of a provider `audience`; of a
   * broker this application's `brokerAudience`. Where that is not set, `clientId`; `azp` and `client_id` count for
   * nothing here, as another issuer may know another client by the same name.
   */
  audience?: string | readonly string[] | undefined;
  /**
   * Accepted signature algorithms, at least one. Default: of a provider without `jwksUri` those that its metadata
   * announces for ID tokens and that have a public key, else RS256; of others all that have one.
   */
  algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** The only roles this issuer's tokens may claim; others are taken out of them. `[]`: none. Default: any. */
  roles?: readonly string[] | undefined;
  /**
   * Whether it is an application like this one or an identity provider. Default `'broker'` in broker mode, else
   * `'idp'`.
   */
  kind?: 'broker' | 'idp' | undefined;
}

/**
 * The options of `OidcAuthModule.forRoot` and of what a `forRootAsync` factory returns. `undefined` means left out.
 *
 * They are checked once at boot, where the application does not start with an unknown, a missing or a wrong one: all
 * problems are told in one `OidcAuthError` `options_invalid`. Numbers are whole.
 */
export interface OidcAuthOptions {
  /** The client this application is registered as at the identity provider (RFC 6749 §2.2). */
  clientId: string;
  /**
   * Its secret (RFC 6749 §2.3.1). Without one the application is a public client. 16 characters at least, where broker
   * mode derives a key from it (see `encryptionKeys`).
   */
  clientSecret?: string | undefined;
  /**
   * The whole address of the provider's metadata: `…/.well-known/openid-configuration` (OpenID Connect Discovery §4),
   * or that of RFC 8414 §3.1. https, unless it is on loopback or `allowInsecureRequests` is set.
   */
  discoveryUrl: string;
  /** Scopes of every login, an array or separated by spaces; `openid` is always added. Default `'profile email'`. */
  scopes?: string | readonly string[] | undefined;
  /**
   * Scopes a login or device request may ask for beyond `scopes`, `openid` and `offline_access`, an array or separated
   * by spaces. Default none.
   */
  allowedScopes?: string | readonly string[] | undefined;
  /**
   * One of these, a string or a list that is not empty, must be in `aud` of the provider's access tokens (RFC 9068 §4);
   * in broker mode those are what token exchange takes. Default: `aud` must hold `clientId`, or `azp` or `client_id`
   * equal it.
   */
  audience?: string | readonly string[] | undefined;
  /**
   * Claim constraints for guarded routes that set none; in broker mode also what must be met for a token to be issued
   * (`claim_not_met`, 403). Default none.
   */
  claims?: ClaimConstraints | undefined;
  /**
   * The scope `offline_access` (OpenID Connect Core §11). `true`: the device flow asks for it, login does with
   * `?offline_access=true`; `'always'`: login always does; `false`: neither may, and `scopes` must not hold it. Default
   * `true`.
   */
  offlineAccess?: boolean | 'always' | undefined;
  /**
   * Limit in ms for every outgoing request, 1 to 600,000; a refresh in broker mode waits for 10 s at most. Default
   * 10,000.
   */
  timeout?: number | undefined;
  /** Used for every outgoing request, e.g. to add a CA bundle or a proxy. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Seconds by which clocks may differ, 0 to 600; `iat` of issued tokens is set back by them. Default 10. */
  clockTolerance?: number | undefined;
  /** Overrides `jwks_uri` of the provider's metadata; https as `discoveryUrl`. */
  jwksUri?: string | undefined;
  /** A URL that overrides `issuer` of the provider's metadata; needed where that does not match `discoveryUrl`. */
  issuer?: string | undefined;
  /**
   * Accepted signature algorithms of the provider's tokens, at least one. Default: those that its metadata announces
   * for ID tokens and that have a public key, else RS256.
   */
  algorithms?: readonly SignatureAlgorithm[] | undefined;
  /**
   * What stands before `prefix` in the application's public address, with any global prefix and proxy path; without
   * query and fragment; https, or http on loopback. Default none: login accepts loopback addresses and `redirectUris`
   * alone, and broker mode needs `brokerIssuer` or `brokerAudience`.
   */
  publicUrl?: string | undefined;
  /**
   * Exact redirect URIs that login accepts beyond `publicUrl`'s origin (our callback among it) and loopback addresses:
   * https, http on loopback, or a private-use scheme with a dot (RFC 8252 §7.1); without fragment (RFC 6749 §3.1.2).
   * Default none.
   */
  redirectUris?: readonly string[] | undefined;
  /**
   * Exact URIs logout may lead to, beyond `publicUrl`'s origin, where the provider has no `end_session_endpoint`; of
   * the same forms as `redirectUris`. Default none.
   */
  postLogoutRedirectUris?: readonly string[] | undefined;
  /**
   * Parameters added to every authorization and device authorization request, e.g. `{ kc_idp_hint: 'github' }`; those
   * that a login asks for itself (`prompt`, `login_hint` …) win. Refused are the ones the library sets: `client_id`,
   * `redirect_uri`, `response_type`, `response_mode`, `scope`, `state`, `nonce`, `code_challenge`,
   * `code_challenge_method`, `request`, `request_uri`, `code_verifier`, `client_secret`, `client_assertion` and
   * `client_assertion_type`. Default none.
   */
  authorizationParams?: Readonly<Record<string, string>> | undefined;
  /**
   * `'none'` goes without `clientSecret`, the others with it. Default: `'none'` without a secret;
   * `'client_secret_post'` where the provider lists that and not `client_secret_basic`; else `'client_secret_basic'`.
   */
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod | undefined;
  /** Allows a provider and trusted issuers on plain http outside loopback, e.g. inside a cluster. Default `false`. */
  allowInsecureRequests?: boolean | undefined;
  /**
   * Claim paths in which roles are found; `{clientId}` stands for the client, `'*'` for every client's
   * `resource_access.*.roles`. Default: `realm_access.roles`, `resource_access.{clientId}.roles`, `groups`, `roles`.
   */
  roleSources?: readonly string[] | undefined;
  /**
   * Key ring for login states and what broker mode stores (AES-256-GCM): the first key encrypts, all decrypt; at least
   * one. Default: one key derived from `clientSecret`; a public client gets a random key that ends with the process,
   * and must name one in broker mode.
   */
  encryptionKeys?: readonly EncryptionKey[] | undefined;
  /** Broker mode: name of the embedded store's folder in the user's data folder. Default `'nestjs-oidc-auth'`. */
  appName?: string | undefined;
  /**
   * `true`: the application keeps the provider's tokens and issues its own (broker mode). Default `false`: clients hold
   * the provider's tokens (pass-through mode).
   */
  brokerMode?: boolean | undefined;
  /**
   * Broker mode: where its records are kept: `memory://`, `sqlite:///path`, `postgres://…` (or `postgresql://…`),
   * `mysql://…`, `mariadb://…`, `mongodb://…` or `mongodb+srv://…`; anything else is `store_misconfigured` at boot. One
   * of this, `brokerStoreObj` and the `brokerStore` extra. Default: an SQLite file in the user's data folder.
   */
  brokerStoreUrl?: string | undefined;
  /**
   * Broker mode: where its records are kept, e.g. `new TypeOrmBrokerStore(dataSource)`. Closed with the application.
   * Default: see `brokerStoreUrl`.
   */
  brokerStoreObj?: BrokerStore | undefined;
  /** Broker mode: `aud` of issued tokens. Default: their `iss`. */
  brokerAudience?: string | undefined;
  /**
   * Broker mode: `iss` of issued tokens, a URL. Default: `publicUrl` with `prefix`, else `brokerAudience`, by which
   * others do not find the keys. Sessions and keys belong to it: with another one they are not found any more.
   */
  brokerIssuer?: string | undefined;
  /**
   * Broker mode: path of the JWKS (RFC 7517 §5), relative to `prefix`, here and at trusted brokers. With `forRootAsync`
   * say it in `endpoints.jwks`, too. Default `/auth/v2/.well-known/jwks.json`.
   */
  brokerJwksPath?: string | undefined;
  /**
   * Further issuers whose access tokens are accepted: in broker mode other applications like this one, else identity
   * providers. `iss` of a token tells whose user it is of. Default none.
   */
  trustedIssuers?: readonly (string | TrustedIssuer)[] | undefined;
  /**
   * Broker mode: how issued tokens are signed. Peers in Python read RS256 only. Another one than before is adopted at
   * boot, by a new key that takes over 65 minutes later. Default `'RS256'`.
   */
  signingAlgorithm?: SigningAlgorithm | undefined;
  /**
   * Broker mode: seconds after which a signing key is followed by another, which takes over once verifiers can know it,
   * 65 minutes later; a day (86,400) to 3,660 days. Default 90 days.
   */
  signingKeyMaxAge?: number | undefined;
  /** Broker mode: lifetime of an access token in seconds, 1 to 86,400 (a day). Default 3,600. */
  accessTokenTtl?: number | undefined;
  /**
   * Lifetime of a refresh token in seconds, 1 to 366 days: in broker mode of its own ones, anew at each refresh, but
   * never longer than their session or, where the provider tells it, its token; in pass-through mode what is reported
   * where the provider tells none. Default 30 days.
   */
  refreshTokenTtl?: number | undefined;
  /** Broker mode: seconds after which a session ends whatever happens, 1 to 3,660 days. Default 90 days. */
  sessionMaxTtl?: number | undefined;
  /**
   * Broker mode: seconds in which a rotated refresh token may be presented again, 0 to 3,600. Later, unless the request
   * was under way by then, that is reuse, which ends the session (RFC 9700 §4.14.2). Default 60.
   */
  refreshGracePeriod?: number | undefined;
  /**
   * Broker mode: what `sub` of issued tokens is: the provider's `sub`, or `preferred_username`, without which a login
   * is refused (`id_token_invalid`). Default `'sub'`.
   */
  subject?: 'sub' | 'username' | undefined;
  /**
   * Broker mode: further claims of issued tokens, made of the user's verified claims and `roles`. May replace `roles`
   * and profile claims, never those that say who issued the token, to whom and for how long. Where it throws, no token
   * is issued (`map_claims_failed`, 500). Default: none are added.
   */
  mapClaims?:
    | ((identity: Readonly<Record<string, unknown>>) => Record<string, unknown> | Promise<Record<string, unknown>>)
    | undefined;
  /**
   * Broker mode: is told what happens to sessions and keys. Events hold no secret. Nothing waits for it, and what it
   * throws is logged. Default none.
   */
  onEvent?: ((event: BrokerEvent) => void | Promise<void>) | undefined;
}

/** The names of the endpoints, as `endpoints` renames or leaves them out. */
export type EndpointName = 'login' | 'callback' | 'token' | 'device' | 'logout' | 'userinfo' | 'jwks' | 'metadata';

/**
 * What is known before the application's providers exist: given beside the options, never from a factory. What is wrong
 * with them is told with the options, as `options_invalid`.
 */
export interface OidcAuthModuleExtras {
  /** Path that stands before every endpoint's path and the paths of `controllers`. Default `''`. */
  prefix?: string | undefined;
  /** Makes guards and services available in every module. Default `true`. */
  isGlobal?: boolean | undefined;
  /**
   * Another path (relative to `prefix`) for an endpoint, or `false` to leave it out. `logout` is GET and POST. Default:
   * `/auth/v2/` and the endpoint's name, but `/auth/v2/.well-known/jwks.json` for `jwks`, and
   * `/.well-known/openid-configuration` for `metadata`, which `forRoot` leaves out in pass-through mode.
   */
  endpoints?: Partial<Record<EndpointName, string | false | undefined>> | undefined;
  /** The application's own controllers, mounted under `prefix`. Default none. */
  controllers?: readonly Type<unknown>[] | undefined;
  /** A subclass of `AuthController`; an overridden handler needs no decorator. Default `AuthController`. */
  authController?: Type<unknown> | undefined;
  /** `true` guards every route of the application with `OidcGuard`; a subclass guards with that. Default `false`. */
  globalGuard?: boolean | Type<unknown> | undefined;
  /**
   * Broker mode: the store as a Nest provider; it is closed with the application. What is no store is
   * `store_misconfigured` at boot. Default: see `brokerStoreUrl`.
   */
  brokerStore?: BrokerStoreProvider | undefined;
  /** Modules whose providers `useFactory`, or the factory of `brokerStore`, injects. Default none. */
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
