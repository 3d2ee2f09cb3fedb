import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { publicMembersOf } from './public-jwk.js';

/** What of a token's header selects a key. */
export interface KeySelector {
  readonly alg: string;
  readonly kid?: string | undefined;
}

const KEY_TYPE_OF: Readonly<Record<string, string>> = {
  RS: 'RSA',
  PS: 'RSA',
  ES: 'EC',
  Ed: 'OKP',
};

const CURVE_OF: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
};

/** A modulus of fewer bits can be factored; such a key signs nothing we trust (RFC 7518 §3.3). */
const LEAST_RSA_BITS = 2048;
/** Greater numbers than anybody uses would keep the process busy at each token. With an exponent of 1 anybody could sign. */
const MOST_RSA_BITS = 8192;
const MOST_EXPONENT_BITS = 64;

/** One verification key of an issuer. `retired` once a newer key set no longer holds it. */
export class VerificationKey {
  retired = false;

  private constructor(
    readonly jwk: JWK,
    /** Tells whether two key sets hold the same key under the same name. */
    readonly identity: string,
    /** Ready for node:crypto. Bound to algorithms by {@link fits}. */
    readonly publicKey: KeyObject,
  ) {}

  /** `undefined` for what is no usable public signature key. Private members are never looked at. */
  static from(candidate: unknown): VerificationKey | undefined {
    if (typeof candidate !== 'object' || candidate === null) return undefined;
    const jwk = candidate as JWK;
    const publicJwk = publicMembersOf(jwk);
    if (!isNamedByTexts(jwk) || !isSignatureKey(jwk) || !isStrongEnough(publicJwk)) return undefined;
    const named = { ...publicJwk, kid: jwk.kid, alg: jwk.alg } as JWK;
    const publicKey = imported(named);
    return publicKey === undefined ? undefined : new VerificationKey(named, JSON.stringify(named), publicKey);
  }

  fits({ alg, kid }: KeySelector): boolean {
    if (KEY_TYPE_OF[alg.slice(0, 2)] !== this.jwk.kty) return false;
    if (CURVE_OF[alg] !== undefined && CURVE_OF[alg] !== this.jwk.crv) return false;
    if (this.jwk.alg !== undefined && this.jwk.alg !== alg) return false;
    return kid === undefined || this.jwk.kid === kid;
  }
}

/** `undefined` where it turns out to be no key at all. */
function imported(jwk: JWK): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' } as JsonWebKeyInput);
  } catch {
    return undefined;
  }
}

/** What is no text would bind the key to nothing. */
function isNamedByTexts({ kid, alg }: JWK): boolean {
  return [kid, alg].every((name: unknown) => name === undefined || typeof name === 'string');
}

function isSignatureKey(jwk: JWK): boolean {
  if (typeof jwk.kty !== 'string' || !Object.values(KEY_TYPE_OF).includes(jwk.kty)) return false;
  if (jwk.use !== undefined && jwk.use !== 'sig') return false;
  return jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'));
}

function isStrongEnough(jwk: JWK): boolean {
  if (jwk.kty !== 'RSA') return true;
  if (jwk.n === undefined || jwk.e === undefined) return false;
  const bits = bitsOf(jwk.n);
  if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) return false;
  const exponentBits = bitsOf(jwk.e);
  const isOdd = (Buffer.from(jwk.e, 'base64url').at(-1)! & 1) === 1;
  return isOdd && exponentBits > 1 && exponentBits <= MOST_EXPONENT_BITS;
}

/** Without the zeros before it. */
function bitsOf(number: string): number {
  const bytes = Buffer.from(number, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24;
}
