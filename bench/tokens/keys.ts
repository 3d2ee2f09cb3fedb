import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';

export interface SigningKey {
  readonly alg: 'RS256' | 'ES256';
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey;
}

/** RS256 with 2,048 bits, as most identity providers sign. */
export function generateRs256Key(): SigningKey {
  return signingKey('RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }));
}

/** ES256 signs three times as fast: for the runs that need very many tokens. */
export function generateEs256Key(): SigningKey {
  return signingKey('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
}

function signingKey(alg: SigningKey['alg'], pair: { privateKey: KeyObject; publicKey: KeyObject }): SigningKey {
  const kid = `bench-${alg.toLowerCase()}`;
  return {
    alg,
    kid,
    privateKey: pair.privateKey,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
  };
}
