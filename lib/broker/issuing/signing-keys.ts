import { Inject, Injectable } from '@nestjs/common';
import { importJWK, type CryptoKey } from 'jose';
import type { PublicKey } from '../../login/token-issuer.js';
import { StoreClock } from '../records/store-clock.js';
import { SigningKeyRecords } from './signing-key-records.js';
import { PUBLISHED_BEFORE_USE, publicJwk, signingKeyUnavailable, type Signer, type SigningKey } from './signing-key.js';

/** ms after which the list is read again, behind the requests. */
export const KEYS_FRESH = 30_000;
/**
 * ms; the same for those who ask for the JWKS. An hour at a verifier and 300 s in caches between leave no room for
 * more.
 */
const JWKS_FRESH = 1_000;
/** Times that the first key is looked for after it was made. */
const MOST_ATTEMPTS = 20;

/**
 * The keys this application signs its tokens with, as this process knows them: one list for all processes, in the
 * store. A key is in it before it is used, and until the last token it signed has expired.
 */
@Injectable()
export class SigningKeys {
  private keys: readonly SigningKey[] = [];
  private readonly listeners: (() => void)[] = [];
  /** ms, monotonic */
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loading: Promise<void> | undefined;
  private readonly imported = new Map<string, Promise<CryptoKey>>();

  constructor(
    @Inject(SigningKeyRecords) private readonly records: SigningKeyRecords,
    @Inject(StoreClock) private readonly clock: StoreClock,
  ) {}

  /** Those of the last {@link load}, the newest last. */
  get list(): readonly SigningKey[] {
    return this.keys;
  }

  /**
   * The key to sign with now.
   *
   * @throws {@link OidcAuthError} `store_unavailable` where the list is too old to know; `signing_key_unavailable`
   */
  async signer(): Promise<Signer> {
    const age = performance.now() - this.loadedAt;
    // A list as old as this may lack a key that others use, or hold one that they have forgotten.
    if (age > PUBLISHED_BEFORE_USE) await this.load();
    else if (age > KEYS_FRESH) void this.load().catch(() => undefined);
    const key = this.current();
    if (key === undefined) throw signingKeyUnavailable();
    return { kid: key.kid, alg: key.alg, privateKey: await this.privateKeyOf(key) };
  }

  /** What verifiers may see (RFC 7517 §5), those not in use yet among them. */
  async published(): Promise<readonly PublicKey[]> {
    if (performance.now() - this.loadedAt > JWKS_FRESH) {
      // Published keys are still good while the store cannot be reached.
      await this.load().catch((error: unknown) => {
        if (this.keys.length === 0) throw error;
      });
    }
    return this.keys.map(publicJwk);
  }

  /** Reads the list, and makes the first key where there is none that opens. */
  load(): Promise<void> {
    this.loading ??= this.loadOnce().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  /** The same after a change: what is under way may have been read before it. */
  async reload(): Promise<void> {
    if (this.loading !== undefined) await this.loading.catch(() => undefined);
    await this.load();
  }

  /** Is told whenever the published keys have changed. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private current(): SigningKey | undefined {
    const now = this.clock.now();
    return this.keys.findLast(({ activeFrom }) => activeFrom <= now) ?? this.keys[0];
  }

  private async loadOnce(): Promise<void> {
    await this.clock.ready();
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const keys = await this.records.read();
      if (keys.length > 0) {
        this.adopt(keys);
        return;
      }
      // Whoever comes second finds the first one's key when it looks again.
      await this.records.makeNext(this.records.areNone ? 'first' : 'unreadable');
    }
    // The store does not list what was inserted.
    throw signingKeyUnavailable();
  }

  private adopt(keys: readonly SigningKey[]): void {
    const namesOf = (list: readonly SigningKey[]) => list.map(({ kid }) => kid).join(' ');
    const hasChanged = namesOf(keys) !== namesOf(this.keys);
    this.keys = keys;
    this.loadedAt = performance.now();
    if (hasChanged) for (const listener of this.listeners) listener();
  }

  private privateKeyOf({ kid, alg, privateJwk }: SigningKey): Promise<CryptoKey> {
    let key = this.imported.get(kid);
    if (key === undefined) {
      key = importJWK(privateJwk, alg) as Promise<CryptoKey>;
      this.imported.set(kid, key);
    }
    return key;
  }
}
