import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock/clock.js';
import type { IdTokenClaims } from './claims.js';
import type { RemoteKeySet } from './remote-key-set.js';
import type { VerificationKey } from './verification-key.js';

const MOST_TOKENS = 10_000;

interface Entry {
  readonly claims: IdTokenClaims;
  readonly key: VerificationKey;
  readonly keys: Pick<RemoteKeySet, 'mayServe'>;
  /** ms since the epoch */
  readonly expiresAt: number;
}

/**
 * The claims of tokens that were verified, by a hash of the whole token. Facts only: whether they suffice for a route
 * is decided at each request.
 */
export class VerifiedTokenCache {
  private readonly entries = new LRUCache<string, Entry>({ max: MOST_TOKENS });

  constructor(private readonly clock: Clock) {}

  /**
   * The claims of a token verified before, unless it has expired or its key has been withdrawn since.
   *
   * @param id what {@link idOf} says of the token
   */
  recall(id: string): IdTokenClaims | undefined {
    const entry = this.entries.get(id);
    if (entry === undefined) return undefined;
    // A withdrawn key must be noticed even where every token is known.
    if (entry.expiresAt > this.clock.now() && entry.keys.mayServe() && !entry.key.retired) return entry.claims;
    this.entries.delete(id);
    return undefined;
  }

  /** @param id what {@link idOf} says of the token */
  remember(id: string, claims: IdTokenClaims, key: VerificationKey, keys: Entry['keys']): void {
    const expiresAt = claims.exp * 1_000;
    if (expiresAt > this.clock.now()) this.entries.set(id, { claims, key, keys, expiresAt });
  }

  /** Names a token here: a hash of all of it. */
  idOf(token: string): string {
    return hash('sha256', token, 'base64');
  }
}
