import type { JWTPayload } from 'jose';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { CompactJws } from './compact-jws.js';
import { isSignature, isSignatureElsewhere, isSlow } from './jws-signature.js';
import { assertRegisteredClaims, type ExpectedClaims } from './registered-claims.js';
import { SignatureTurns } from './signature-turns.js';
import type { VerificationKey } from './verification-key.js';

/** What is checked of any JWT: one algorithm, that of the issuer's choice, and its registered claims. */
export interface JwtExpectations extends ExpectedClaims {
  readonly alg: string;
}

export interface VerifiedJwt {
  readonly payload: JWTPayload;
  readonly key: VerificationKey;
}

/** One for the process: it is its event loop. */
const turns = new SignatureTurns();

/**
 * The only place where a signature is verified. Of several keys that may have signed (an issuer that publishes keys
 * without ids, or two with the same) each is tried.
 *
 * @throws {@link OidcAuthError} with a `token_…` code
 */
export async function verifyJwt(
  { claims, signingInput, signature }: CompactJws,
  keys: readonly VerificationKey[],
  { alg, ...expected }: JwtExpectations,
): Promise<VerifiedJwt> {
  for (const key of keys) {
    const { publicKey } = key;
    const isGenuine = isSlow(alg, publicKey)
      ? await isSignatureElsewhere(alg, publicKey, signingInput, signature)
      : await turns.run(() => isSignature(alg, publicKey, signingInput, signature));
    if (!isGenuine) continue;
    assertRegisteredClaims(claims, expected);
    return { payload: claims, key };
  }
  throw new OidcAuthError('token_signature_invalid', 'The signature of the token is not valid.');
}
