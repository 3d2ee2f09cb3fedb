import { createPublicKey, KeyObject, sign } from 'node:crypto';
import type { SigningKey } from '../fixtures/op/index.js';

/** A key, and what a token says that is signed with it. */
export interface Signer {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function signerOf({ kid, alg, privateKey }: Pick<SigningKey, 'kid' | 'alg' | 'privateKey'>): Signer {
  return signerWith(kid, alg, KeyObject.from(privateKey));
}

export function signerWith(kid: string, alg: string, privateKey: KeyObject): Signer {
  if (alg !== 'RS256' && alg !== 'ES256') throw new Error(`nothing here signs with ${alg}`);
  return { kid, alg, privateKey, publicKey: createPublicKey(privateKey) };
}

export const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

/** Signs whatever stands there, which jose would refuse. */
export function signed({ privateKey }: Signer, header: string, payload: string | Buffer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${encode(signature)}`;
}
