import { calculateJwkThumbprint, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import type { PublicKey } from '../../login/token-issuer.js';
import type { SigningAlgorithm } from '../../options/signature-algorithms.js';
import { publicMembersOf } from '../../verification/public-jwk.js';

/** ms between a key's publication and its first use: verifiers keep a JWKS for an hour. */
export const PUBLISHED_BEFORE_USE = 3_900_000;

/** What a key is by itself, whenever it is used. */
export interface GeneratedKey {
  readonly alg: SigningAlgorithm;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly privateJwk: JWK;
}

/** The content of a sealed `key` record; its id is the generation. Times are ms of the store's clock. */
export interface SigningKey extends GeneratedKey {
  readonly generation: number;
  readonly createdAt: number;
  /** Published since its creation, used from then on. */
  readonly activeFrom: number;
  /** No older generation counts, whoever puts its record back; later keys inherit it. */
  readonly oldestValid: number;
}

/** A key to sign with. */
export interface Signer {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: CryptoKey;
}

export async function generateSigningKey(alg: SigningAlgorithm): Promise<GeneratedKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const privateJwk = await exportJWK(pair.privateKey);
  return { alg, kid: await calculateJwkThumbprint(privateJwk), privateJwk };
}

/** What verifiers may see of a key (RFC 7517 §4). */
export function publicJwk({ privateJwk, kid, alg }: SigningKey): PublicKey {
  return { ...(publicMembersOf(privateJwk) as PublicKey), kid, use: 'sig', alg };
}

export function signingKeyUnavailable(): OidcAuthError {
  return new OidcAuthError('signing_key_unavailable', 'No key to sign with can be had at the moment.', {
    retryAfter: 5,
  });
}
