import { jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { OidcAuthError } from '../errors/oidc-auth-error.js';
import { fromJoseError } from './jwt-errors.js';
import { unknownKey } from './remote-key-set.js';
import type { VerificationKey } from './verification-key.js';

/** What is checked of any JWT beside its signature. */
export interface JwtExpectations extends Pick<
  JWTVerifyOptions,
  'audience' | 'clockTolerance' | 'currentDate' | 'requiredClaims'
> {
  readonly alg: string;
  readonly issuer: string;
}

/**
 * The only place where a signature is verified. Of several keys that may have signed (an issuer that publishes keys
 * without ids, or two with the same) each is tried.
 *
 * @throws {@link OidcAuthError} with a `token_…` code
 */
export async function verifySignature(
  jwt: string,
  keys: readonly VerificationKey[],
  { alg, ...expected }: JwtExpectations,
): Promise<{ payload: JWTPayload; key: VerificationKey }> {
  let failure: OidcAuthError | undefined;
  for (const key of keys) {
    const publicKey = await key.importFor(alg);
    if (publicKey === undefined) continue;
    try {
      const { payload } = await jwtVerify(jwt, publicKey, { ...expected, algorithms: [alg] });
      return { payload, key };
    } catch (error) {
      failure = fromJoseError(error);
      if (failure.code !== 'token_signature_invalid') throw failure;
    }
  }
  throw failure ?? unknownKey();
}
