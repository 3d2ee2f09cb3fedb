import type { JWTPayload } from 'jose';
import { OidcAuthError, type OidcAuthErrorCode } from '../errors/oidc-auth-error.js';
import type { UnverifiedMembers } from './compact-jws.js';

/** What the registered claims of a JWT (RFC 7519 §4.1) must say. */
export interface ExpectedClaims {
  readonly issuer: string;
  /** Must be in `aud`; where left out, the audience is the caller's business. */
  readonly audience?: string | undefined;
  /** Claims that must be there. */
  readonly required?: readonly string[] | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** s by which clocks may differ. */
  readonly clockTolerance: number;
}

/** @throws {@link OidcAuthError} `token_claims_invalid`, `token_issuer_unknown`, `token_not_yet_valid`, `token_expired` */
export function assertRegisteredClaims(
  claims: UnverifiedMembers,
  expected: ExpectedClaims,
): asserts claims is JWTPayload {
  const { issuer, audience, required = [], clockTolerance } = expected;
  for (const name of required) if (!Object.hasOwn(claims, name)) throw invalid(name);
  if (claims['iss'] !== issuer) {
    throw refused('token_issuer_unknown', 'The token comes from an issuer that is not trusted here.');
  }
  if (audience !== undefined && !isInAudience(claims['aud'], audience)) throw invalid('aud');
  const now = Math.floor(expected.now / 1_000);
  numericDate(claims, 'iat');
  const notBefore = numericDate(claims, 'nbf');
  if (notBefore !== undefined && notBefore > now + clockTolerance) {
    throw refused('token_not_yet_valid', 'The token is not valid yet.');
  }
  const expiry = numericDate(claims, 'exp');
  if (expiry !== undefined && expiry <= now - clockTolerance) throw refused('token_expired', 'The token has expired.');
}

/** Whether `aud`, one name or a list of names (RFC 7519 §4.1.3), holds this one. */
export function isInAudience(aud: unknown, name: string): boolean {
  return aud === name || (Array.isArray(aud) && aud.includes(name));
}

function numericDate(claims: UnverifiedMembers, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined || typeof value === 'number') return value;
  throw invalid(name);
}

function invalid(claim: string): OidcAuthError {
  return refused('token_claims_invalid', `The token has no valid "${claim}" claim.`);
}

function refused(code: OidcAuthErrorCode, message: string): OidcAuthError {
  return new OidcAuthError(code, message);
}
