import { invalidResponse } from '../provider/outgoing-fetch.js';
import { VerificationKey } from './verification-key.js';

/**
 * Of a larger set only the first keys are looked at. Nobody publishes as many, and each of those that have one name, or
 * none, would cost a verification.
 */
const MOST_KEYS = 100;

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify a token.
 *
 * @throws {@link OidcAuthError} `provider_invalid_response` where there are none: an issuer that has lost its keys for a
 *   moment must not make those forgotten that are known
 */
export function usableKeys(jwks: readonly unknown[]): readonly VerificationKey[] {
  const keys = jwks
    .slice(0, MOST_KEYS)
    .map((jwk) => VerificationKey.from(jwk))
    .filter((key) => key !== undefined);
  if (keys.length > 0) return keys;
  throw invalidResponse(`its JWK Set has ${jwks.length} keys, and none that can verify a token`);
}
