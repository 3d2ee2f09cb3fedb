import type { CryptoKey } from 'jose';

/**
 * Claims of a minted token. `undefined` leaves one out, `null` is a value like others; any other claim may be added, and
 * stands as it is given: `realm_access` goes before the user's. A named one of another type than is written here is refused;
 * what is malformed on purpose is signed by the test itself, with `idp.keys[0].privateKey`.
 */
export interface TestIdpTokenClaims {
  /** Default: that of the user who is signed in by default. One of a known user brings that user's claims. */
  sub?: string | null | undefined;
  /** Stand where `rolesClaim` says, beside whatever else is given there. Default: the user's. */
  roles?: readonly string[] | null | undefined;
  /** Separated by spaces. Default `'openid profile email'`. */
  scope?: string | null | undefined;
  /** Default: the setting `audience`. */
  aud?: string | readonly string[] | null | undefined;
  /** Seconds since the epoch. Default: `accessTokenTtl` from now. */
  exp?: number | null | undefined;
  /** Seconds since the epoch. Default: now. */
  iat?: number | null | undefined;
  /** Seconds since the epoch. Default: left out. */
  nbf?: number | null | undefined;
  /** Default: the issuer. */
  iss?: string | null | undefined;
  /** Default: that of the first client. */
  client_id?: string | null | undefined;
  /** Default: that of a login of its own where `sub` is that of a known user. */
  sid?: string | null | undefined;
  /** Seconds since the epoch. Default: now, where `sub` is that of a known user. */
  auth_time?: number | null | undefined;
  [claim: string]: unknown;
}

/** How a minted token is made. */
export interface TestIdpMintOptions {
  /** Members of the header, `crit` among them; `undefined` leaves one out. Default: `alg`, `kid` and `typ: 'at+jwt'`. */
  header?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Another key: `'unpublished'`, one of the provider's own that is not in the JWKS; `'none'`, an unsecured JWS (RFC 7519 §6,
   * `alg: 'none'`); or yours (`generateTestIdpKey()`; a `Uint8Array` for HMAC). The provider itself does not know such a
   * token, at userinfo for instance. Default: the key in use.
   */
  signWith?:
    | 'unpublished'
    | 'none'
    | { readonly privateKey: CryptoKey | Uint8Array; readonly alg: string; readonly kid?: string | undefined }
    | undefined;
}
