/** A value as JSON knows it, deeply read-only: verified claims are frozen and shared between requests. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [member: string]: JsonValue | undefined };

/**
 * The verified claims of an access token: what `@IdToken()` hands to a handler.
 *
 * An abstract class rather than an interface, so that a plain import of it works in a decorated signature.
 */
export abstract class IdTokenClaims {
  /** The issuer. A user is identified by `iss` and `sub` together. */
  readonly iss!: string;
  /** The subject, unique within the issuer. */
  readonly sub!: string;
  readonly aud?: string | readonly string[];
  /** Expiry in seconds since the epoch. */
  readonly exp!: number;
  readonly iat?: number;
  readonly nbf?: number;
  readonly jti?: string;
  /** Granted scopes, separated by spaces (RFC 8693 §4.2). */
  readonly scope?: string;
  readonly azp?: string;
  readonly client_id?: string;
  readonly preferred_username?: string;
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly [claim: string]: JsonValue | undefined;
}
