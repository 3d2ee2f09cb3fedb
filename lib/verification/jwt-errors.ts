import { errors } from 'jose';
import { OidcAuthError, type OidcAuthErrorCode } from '../errors/oidc-auth-error.js';
import { plainCause } from '../errors/plain-cause.js';

const CODES: Readonly<Record<string, readonly [OidcAuthErrorCode, string]>> = {
  ERR_JWT_EXPIRED: ['token_expired', 'The token has expired.'],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['token_signature_invalid', 'The signature of the token is not valid.'],
  ERR_JOSE_ALG_NOT_ALLOWED: [
    'token_algorithm_not_allowed',
    'The token is signed with an algorithm that is not accepted here.',
  ],
};

const CLAIMS: Readonly<Record<string, readonly [OidcAuthErrorCode, string]>> = {
  iss: ['token_issuer_unknown', 'The token comes from an issuer that is not trusted here.'],
  nbf: ['token_not_yet_valid', 'The token is not valid yet.'],
};

/** What jose found wrong with a JWT, as an error of this library. */
export function fromJoseError(cause: unknown): OidcAuthError {
  if (cause instanceof OidcAuthError) return cause;
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const [code, message] = CLAIMS[cause.claim] ?? [
      'token_claims_invalid',
      `The token has no valid "${cause.claim}" claim.`,
    ];
    return new OidcAuthError(code, message, { cause: plainCause(cause) });
  }
  const known = cause instanceof errors.JOSEError ? CODES[cause.code] : undefined;
  const [code, message] = known ?? ['token_malformed', 'The token is not a well-formed JWT.'];
  return new OidcAuthError(code, message, { cause: plainCause(cause) });
}
