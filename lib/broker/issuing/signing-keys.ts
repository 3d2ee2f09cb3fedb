import { Inject, Injectable } from '@nestjs/common';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import type { PublicKey } from '../../login/token-issuer.js';
import { LONGEST_ACCESS_TOKEN_TTL } from '../../options/option-rules.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import type { SigningAlgorithm } from '../../options/signature-algorithms.js';
import { KeyRing } from '../../sealing/key-ring.js';
import { BrokerEvents, type KeyRotationReason } from '../broker-events.js';
import { ownerOf, SealedRecords, UNREADABLE } from '../records/sealed-records.js';
import { StoreAccess } from '../records/store-access.js';
import { StoreClock } from '../records/store-clock.js';

const SECOND = 1_000;
/** ms between a key's publication and its first use: verifiers keep a JWKS for an hour. */
export const PUBLISHED_BEFORE_USE = 3_900 * SECOND;
/** ms a superseded key stays published: until the last token it may have signed has expired. */
const PUBLISHED_AFTER_USE = PUBLISHED_BEFORE_USE + LONGEST_ACCESS_TOKEN_TTL * SECOND;
/** ms after which the list is read again, behind the requests. */
export const KEYS_FRESH = 30 * SECOND;
/** ms; the same for those who ask for the JWKS. An hour at a verifier and 300 s in caches between leave no room for more. */
const JWKS_FRESH = 1_000;
/** A key has no end of its own. */
const NEVER = Date.UTC(9999, 11, 31);

/** The content of a sealed `key` record; its id is the generation. Times are ms of the store's clock. */
interface SigningKey {
  readonly generation: number;
  readonly alg: SigningAlgorithm;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly privateJwk: JWK;
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

/** The ids of key records. */
const GENERATION = /^[1-9]\d{0,8}$/;
/** Times that another process may be quicker with the next generation. */
const MOST_ATTEMPTS = 20;
/** RFC 7518 §6, RFC 8037 §2: all others are private. */
const PUBLIC_MEMBERS = new Set(['kty', 'n', 'e', 'crv', 'x', 'y']);

/**
 * The keys this application signs its tokens with: one list for all processes, in the store. A new key is published
 * before it is used, and stays published until the last token it signed has expired.
 */
@Injectable()
export class SigningKeys {
  private readonly records: SealedRecords<SigningKey>;
  private keys: readonly SigningKey[] = [];
  /** The greatest generation there is a record of, readable or not. */
  private newest = 0;
  /** The greatest `oldestValid` that was ever seen here: no record that comes or goes lowers it. */
  private oldestValid = 0;
  private readonly listeners: (() => void)[] = [];
  /** ms, monotonic */
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loading: Promise<void> | undefined;
  private readonly imported = new Map<string, Promise<CryptoKey>>();

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
    @Inject(StoreAccess) access: StoreAccess,
    @Inject(KeyRing) keyRing: KeyRing,
  ) {
    this.records = new SealedRecords('key', ownerOf(options), access, keyRing, events);
  }

  /**
   * The key to sign with now.
   *
   * @throws {@link OidcAuthError} `store_unavailable` where the list is too old to know
   */
  async signer(): Promise<Signer> {
    const age = performance.now() - this.loadedAt;
    // A list as old as this may lack a key that others use, or hold one that they have forgotten.
    if (age > PUBLISHED_BEFORE_USE) await this.load();
    else if (age > KEYS_FRESH) void this.load().catch(() => undefined);
    const key = this.current();
    if (key === undefined) throw unavailable();
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

  /** Is told whenever the published keys have changed. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Makes the next key. It is used once verifiers can know it (65 minutes later).
   *
   * With `revoke` it is used at once, and every older one is forgotten: tokens they signed are refused from now on.
   */
  async rotate({ revoke = false }: { revoke?: boolean } = {}): Promise<{ kid: string; activeFrom: Date }> {
    await this.freshly();
    const made = await this.make(revoke ? 'revoked' : 'requested');
    if (revoke) await this.forgetOthers(made.generation);
    await this.freshly();
    return { kid: made.kid, activeFrom: new Date(made.activeFrom) };
  }

  /** What time brings: a key that has grown old is followed by another, and one that nobody needs is removed. */
  async maintain(): Promise<void> {
    await this.freshly();
    const { signingKeyMaxAge } = this.options.broker!;
    const newest = this.keys.at(-1);
    const now = this.clock.now();
    if (newest !== undefined && newest.activeFrom <= now && newest.createdAt + signingKeyMaxAge * SECOND <= now) {
      await this.make('age', this.newest + 1);
    }
    for (const [index, key] of this.keys.entries()) {
      const successor = this.keys[index + 1];
      if (successor !== undefined && successor.activeFrom + PUBLISHED_AFTER_USE < now) {
        await this.records.remove(String(key.generation));
      }
    }
    await this.freshly();
  }

  /** Where another algorithm is configured than the newest key has, the next one is made. At boot only. */
  async adoptAlgorithm(): Promise<void> {
    const newest = this.keys.at(-1);
    if (newest === undefined || newest.alg === this.options.broker!.signingAlgorithm) return;
    if (newest.activeFrom > this.clock.now()) return;
    await this.make('algorithm', this.newest + 1);
    await this.freshly();
  }

  private current(): SigningKey | undefined {
    const now = this.clock.now();
    return this.keys.findLast(({ activeFrom }) => activeFrom <= now) ?? this.keys[0];
  }

  private async loadOnce(): Promise<void> {
    await this.clock.ready();
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const keys = await this.read();
      if (keys.length > 0) {
        this.adopt(keys);
        return;
      }
      // Whoever comes second finds the first one's key when it looks again.
      await this.make(this.newest === 0 ? 'first' : 'unreadable', this.newest + 1);
    }
    // The store does not list what was inserted.
    throw unavailable();
  }

  private adopt(keys: readonly SigningKey[]): void {
    const namesOf = (list: readonly SigningKey[]) => list.map(({ kid }) => kid).join(' ');
    const hasChanged = namesOf(keys) !== namesOf(this.keys);
    this.keys = keys;
    this.loadedAt = performance.now();
    if (hasChanged) for (const listener of this.listeners) listener();
  }

  /** What is under way may have been read before the change. */
  private async freshly(): Promise<void> {
    if (this.loading !== undefined) await this.loading.catch(() => undefined);
    await this.load();
  }

  private async read(): Promise<SigningKey[]> {
    const keys: SigningKey[] = [];
    let newest = 0;
    for await (const { id, value } of this.records.all({})) {
      // Anything else is none of ours, whoever put it there.
      if (!GENERATION.test(id)) continue;
      newest = Math.max(newest, Number(id));
      if (value !== UNREADABLE) keys.push(value);
    }
    this.newest = newest;
    this.oldestValid = Math.max(this.oldestValid, ...keys.map((key) => key.oldestValid));
    const valid = keys.filter(({ generation }) => generation >= this.oldestValid);
    return valid.toSorted((one, other) => one.generation - other.generation);
  }

  /**
   * Inserts the key of a generation, unless another process has just done so; without `generation` the next one in any
   * case.
   */
  private async make(reason: KeyRotationReason, generation?: number): Promise<SigningKey> {
    const alg = this.options.broker!.signingAlgorithm;
    const pair = await generateKeyPair(alg, { extractable: true });
    const privateJwk = await exportJWK(pair.privateKey);
    const kid = await calculateJwkThumbprint(privateJwk);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (generation === undefined) await this.read();
      const next = generation ?? this.newest + 1;
      // A record under such an id would not be read: looking for it again and again would never end.
      if (!GENERATION.test(String(next))) throw unavailable();
      const createdAt = this.clock.now();
      const isNeededNow = reason === 'first' || reason === 'unreadable' || reason === 'revoked';
      const key: SigningKey = {
        generation: next,
        alg,
        kid,
        privateJwk,
        createdAt,
        activeFrom: isNeededNow ? createdAt : createdAt + PUBLISHED_BEFORE_USE,
        oldestValid: reason === 'revoked' ? next : this.oldestValid,
      };
      const inserted = await this.records.insert(String(next), key, { expiresAt: NEVER });
      if (inserted !== undefined) this.events.emit({ type: 'key_rotated', kid, generation: next, reason });
      if (inserted !== undefined || generation !== undefined) return key;
    }
    throw unavailable();
  }

  private async forgetOthers(generation: number): Promise<void> {
    const others: string[] = [];
    for await (const { id, value } of this.records.all({})) {
      if (value !== UNREADABLE && value.generation < generation) others.push(id);
    }
    for (const id of others) await this.records.remove(id);
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

function publicJwk({ privateJwk, kid, alg }: SigningKey): PublicKey {
  const members = Object.entries(privateJwk).filter(([name]) => PUBLIC_MEMBERS.has(name));
  return { ...(Object.fromEntries(members) as PublicKey), kid, use: 'sig', alg };
}

function unavailable(): OidcAuthError {
  return new OidcAuthError('signing_key_unavailable', 'No key to sign with can be had at the moment.', {
    retryAfter: 5,
  });
}
