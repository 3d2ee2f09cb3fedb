import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BrokerEvents } from '../broker/broker-events.js';
import { ownerOf, SealedRecords, UNREADABLE } from '../broker/sealed-records.js';
import { StoreAccess } from '../broker/store-access.js';
import { StoreClock } from '../broker/store-clock.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { KeyRing } from '../sealing/key-ring.js';
import { STALE_LIMIT } from '../verification/remote-key-set.js';

/** The content of a sealed `peer` record. */
interface PeerKeys {
  readonly issuer: string;
  /** JWKs (RFC 7517 §4) as they were fetched. */
  readonly keys: readonly unknown[];
  /** ms of the store's clock */
  readonly fetchedAt: number;
}

/**
 * The key sets of trusted issuers as they were last fetched, in the store: an application that starts while one of them is
 * down goes on with those. Sealed, since who can write to the store must not be able to plant a key. In pass-through mode,
 * which has no store, nothing is kept.
 */
@Injectable()
export class KnownPeerKeys {
  private readonly records: SealedRecords<PeerKeys> | undefined;

  constructor(
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) events: BrokerEvents,
    @Inject(StoreAccess) access: StoreAccess,
    @Inject(KeyRing) keyRing: KeyRing,
  ) {
    if (options.broker === undefined) return;
    this.records = new SealedRecords('peer', ownerOf(options), access, keyRing, events);
  }

  /** Those that may still serve, and their age in ms. A store that fails has none: it has told so itself. */
  async recall(issuer: string): Promise<{ keys: readonly unknown[]; age: number } | undefined> {
    const found = await this.records?.find(idOf(issuer)).catch(() => undefined);
    if (found === undefined || found === UNREADABLE || found.value.issuer !== issuer) return undefined;
    return { keys: found.value.keys, age: Math.max(0, this.clock.now() - found.value.fetchedAt) };
  }

  /** What another instance wrote at the same moment is as good. */
  async remember(issuer: string, keys: readonly unknown[]): Promise<void> {
    const { records } = this;
    if (records === undefined) return;
    const fetchedAt = this.clock.now();
    const value = { issuer, keys, fetchedAt };
    const clear = { expiresAt: fetchedAt + STALE_LIMIT };
    try {
      const known = await records.find(idOf(issuer));
      if (known === undefined) await records.insert(idOf(issuer), value, clear);
      else if (known !== UNREADABLE) await records.replace(known, value, clear);
    } catch {
      // The keys are there; only a restart would have needed these.
    }
  }
}

function idOf(issuer: string): string {
  return createHash('sha256').update(issuer).digest('base64url');
}
