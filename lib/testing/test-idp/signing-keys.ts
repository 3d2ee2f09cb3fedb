import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A key the test identity provider signs with. */
export interface TestIdpKey {
  /** `kid` of header and JWKS: the key's thumbprint (RFC 7638). */
  readonly kid: string;
  /** `alg` of header and JWKS. */
  readonly alg: string;
  /** What signs. */
  readonly privateKey: CryptoKey;
  /** As the JWKS has it. */
  readonly publicJwk: JWK;
}

/**
 * A new key, to sign tokens with that the provider would not have signed.
 *
 * @param alg as jose knows it. Default `'RS256'`
 */
export async function generateTestIdpKey(alg = 'RS256'): Promise<TestIdpKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = await calculateJwkThumbprint(publicKey);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** The keys in the JWKS, and one that is not. */
export class SigningKeys {
  #published: readonly TestIdpKey[] = [];
  #unpublished: Promise<TestIdpKey> | undefined;

  constructor(readonly alg: string) {}

  async rotate(keepOld: boolean): Promise<void> {
    const key = await generateTestIdpKey(this.alg);
    this.#published = [key, ...(keepOld ? this.#published : [])];
  }

  /** Those in the JWKS, the one in use first. */
  get published(): readonly TestIdpKey[] {
    return this.#published;
  }

  get current(): TestIdpKey {
    return this.#published[0]!;
  }

  unpublished(): Promise<TestIdpKey> {
    this.#unpublished ??= generateTestIdpKey(this.alg);
    return this.#unpublished;
  }
}
