import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { KeyRing } from '../sealing/key-ring.js';
import { STALE_LIMIT } from '../verification/remote-key-set.js';
import { BrokerEvents } from '../broker/broker-events.js';
import type { PublishedKeys } from './issuer-jwks.js';
import { ownerOf, SealedRecords, UNREADABLE } from '../broker/records/sealed-records.js';
import { StoreAccess } from '../broker/records/store-access.js';
import { StoreClock } from '../broker/records/store-clock.js';

/** The content of a sealed `peer` record. */
interface PeerKeys extends PublishedKeys {
  readonly issuer: string;
  /** ms of the store's clock, when they were asked for */
  readonly fetchedAt: number;
}

/**
 * The key sets of trusted issuers as they were last fetched, in the store: an application that starts while one of them is
 * down goes on with those. Sealed, since who can write to the store must not be able to plant a key. In pass-through mode,
 * which has no store, nothing is kept.
 */
@Injectable()
export class KnownPeerKeys {
  private readonly owner: string;
  private readonly records: SealedRecords<PeerKeys> | undefined;

  constructor(
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) events: BrokerEvents,
    @Inject(StoreAccess) access: StoreAccess,
    @Inject(KeyRing) keyRing: KeyRing,
  ) {
    this.owner = ownerOf(options);
    if (options.broker === undefined) return;
    this.records = new SealedRecords('peer', this.owner, access, keyRing, events);
  }

  /** ms of the clock by which {@link recall} tells ages. */
  now(): number {
    return this.clock.now();
  }

  /**
   * Those that were known last, and their age in ms; `undefined` where there are none.
   *
   * @throws {@link OidcAuthError} `store_unavailable`
   */
  async recall(issuer: string): Promise<{ published: PublishedKeys; age: number } | undefined> {
    const found = await this.records?.find(this.idOf(issuer));
    if (found === undefined || found === UNREADABLE || found.value.issuer !== issuer) return undefined;
    const age = this.now() - found.value.fetchedAt;
    // A clock that has gone back would make it fresh for ever.
    return age < 0 ? undefined : { published: found.value, age };
  }

  /**
   * Keeps what is newer than what is kept. What another instance wrote at the same moment is as good.
   *
   * @param fetchedAt what {@link now} said before they were asked for
   */
  async remember(issuer: string, { keys, algorithms }: PublishedKeys, fetchedAt: number): Promise<void> {
    const { records } = this;
    if (records === undefined) return;
    const id = this.idOf(issuer);
    const value = { issuer, keys, algorithms, fetchedAt };
    const clear = { expiresAt: fetchedAt + STALE_LIMIT };
    try {
      const known = await records.find(id);
      // Sealed with a key that is lost, or by nobody at all: a copy of what the issuer publishes can be made again.
      if (known === UNREADABLE) await records.remove(id);
      if (known === undefined || known === UNREADABLE) await records.insert(id, value, clear);
      else if (known.value.fetchedAt < fetchedAt) await records.replace(known, value, clear);
    } catch {
      // The keys are there; only a restart would have needed these. The store has told what is wrong with it.
    }
  }

  /** Applications that share a table and trust the same issuer do not write over each other. */
  private idOf(issuer: string): string {
    return createHash('sha256').update(`${this.owner}\0${issuer}`).digest('base64url');
  }
}
