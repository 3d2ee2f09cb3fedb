/** A value as JSON knows it, deeply read-only: verified claims are frozen and shared between requests. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [member: string]: JsonValue | undefined };

/**
 * The verified claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2): what `@IdToken()` hands to a handler.
 *
 * An abstract class rather than an interface, so that a plain import of it works in a decorated signature.
 */
export abstract class IdTokenClaims {
  /** The issuer. A user is identified by `iss` and `sub` together. */
  readonly iss!: string;
  /** The subject, unique within the issuer. */
  readonly sub!: string;
  /** Whom the token is for. */
  readonly aud?: string | readonly string[];
  /** Expiry in seconds since the epoch. */
  readonly exp!: number;
  /** When it was issued, in seconds since the epoch; in broker mode `clockTolerance` earlier. */
  readonly iat?: number;
  /** When it begins to be valid, in seconds since the epoch. */
  readonly nbf?: number;
  /** The token's own id. */
  readonly jti?: string;
  /** Granted scopes, separated by spaces (RFC 8693 §4.2). */
  readonly scope?: string;
  /** The client it was issued to (Core §2). */
  readonly azp?: string;
  /** The same (RFC 9068 §2.2). */
  readonly client_id?: string;
  readonly preferred_username?: string;
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly [claim: string]: JsonValue | undefined;
}
