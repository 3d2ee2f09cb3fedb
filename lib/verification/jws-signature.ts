import { constants, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';

/** How an algorithm (RFC 7518 §3.1, RFC 8037) is verified by node:crypto. */
interface Verification {
  readonly hash: string | null;
  readonly options: Omit<VerifyKeyObjectInput, 'key'>;
  /** Bytes of each signature, where that does not depend on the key. */
  readonly length?: number;
}

const pkcs1 = (bits: number): Verification => ({
  hash: `sha${bits}`,
  options: { padding: constants.RSA_PKCS1_PADDING },
});

/** RFC 7518 §3.5: the salt is as long as the hash. */
const pss = (bits: number): Verification => ({
  hash: `sha${bits}`,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
});

/** The length matters: OpenSSL would take one of another length for its own encoding of a signature, and verify that. */
const ecdsa = (bits: number, length: number): Verification => ({
  hash: `sha${bits}`,
  options: { dsaEncoding: 'ieee-p1363' },
  length,
});

const ed25519: Verification = { hash: null, options: {}, length: 64 };

const VERIFICATIONS: ReadonlyMap<string, Verification> = new Map([
  ['RS256', pkcs1(256)],
  ['RS384', pkcs1(384)],
  ['RS512', pkcs1(512)],
  ['PS256', pss(256)],
  ['PS384', pss(384)],
  ['PS512', pss(512)],
  ['ES256', ecdsa(256, 64)],
  ['ES384', ecdsa(384, 96)],
  ['ES512', ecdsa(512, 132)],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
]);

/** These take ms, and are left to another thread. */
const SLOW = new Set(['ES384', 'ES512']);
const LONGEST_QUICK_MODULUS = 4_096;

export function isSlow(alg: string, { asymmetricKeyDetails: details }: KeyObject): boolean {
  return SLOW.has(alg) || (details?.modulusLength ?? 0) > LONGEST_QUICK_MODULUS;
}

/** Whether the signature is that of the key's owner. The key must be of the algorithm's type and curve. */
export function isSignature(alg: string, key: KeyObject, signingInput: string, signature: Buffer): boolean {
  const verification = verificationOf(alg, signature);
  if (verification === undefined) return false;
  try {
    return verify(verification.hash, bytesOf(signingInput), { key, ...verification.options }, signature);
  } catch {
    // What cannot be a signature of this key at all.
    return false;
  }
}

/** The same in another thread. */
export function isSignatureElsewhere(
  alg: string,
  key: KeyObject,
  signingInput: string,
  signature: Buffer,
): Promise<boolean> {
  const verification = verificationOf(alg, signature);
  if (verification === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    verify(verification.hash, bytesOf(signingInput), { key, ...verification.options }, signature, (error, verdict) =>
      resolve(error === null && verdict),
    );
  });
}

function verificationOf(alg: string, signature: Buffer): Verification | undefined {
  const verification = VERIFICATIONS.get(alg);
  const fits = verification?.length === undefined || verification.length === signature.length;
  return fits ? verification : undefined;
}

function bytesOf(signingInput: string): Buffer {
  return Buffer.from(signingInput, 'latin1');
}
