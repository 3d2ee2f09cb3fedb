import { LRUCache } from 'lru-cache';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import type { KeyRing } from '../../sealing/key-ring.js';
import type {
  BrokerRecord,
  BrokerRecordFilter,
  BrokerRecordKind,
  IdentifiedBrokerRecord,
} from '../../store/broker-store.js';
import type { BrokerEvents } from '../broker-events.js';
import type { StoreAccess } from './store-access.js';

/** The most records a store is asked for at once. */
const PAGE = 500;
/** Unreadable records are told of once, as some are met again and again. */
const MOST_TOLD = 1_000;

/** What of a record the store itself must see; `sid` is the provider's, as in the store. */
export interface ClearFields {
  /** ms of the store's clock */
  readonly expiresAt: number;
  readonly subject?: string | undefined;
  readonly sid?: string | undefined;
}

/** A record that was read, or has just been written. */
export interface Stored<T> extends ClearFields {
  readonly id: string;
  readonly version: number;
  readonly value: T;
}

/** Names the application: its provider, its client there, and what it issues tokens as. */
export function ownerOf({ discoveryUrl, clientId, broker }: ResolvedOptions): string {
  return JSON.stringify([discoveryUrl.href, clientId, broker?.issuer]);
}

/** A record that no key of the ring opens: it is kept, and means nothing here. */
export const UNREADABLE = Symbol('unreadable');

/**
 * The records of one kind, sealed as a whole (AES-256-GCM) with kind, id and owner as associated data: who can write to the
 * database can neither read nor make one, nor put one in another's place.
 */
export class SealedRecords<T> {
  private readonly told = new LRUCache<string, true>({ max: MOST_TOLD });

  constructor(
    private readonly kind: BrokerRecordKind,
    /** Whose records they are: applications that share a ring and a table still do not open each other's. */
    private readonly owner: string,
    private readonly access: StoreAccess,
    private readonly keyRing: KeyRing,
    private readonly events: BrokerEvents,
  ) {}

  async find(id: string): Promise<Stored<T> | typeof UNREADABLE | undefined> {
    const record = await this.access.use((store) => store.find(this.kind, id));
    return record === null ? undefined : this.open({ ...record, id });
  }

  /** `undefined` where there is one already. A rejection means that nobody knows. */
  async insert(id: string, value: T, clear: ClearFields): Promise<Stored<T> | undefined> {
    const stored = { ...clear, id, version: 1, value };
    const inserted = await this.access.use((store) => store.insert(this.kind, id, this.seal(stored)));
    return inserted ? stored : undefined;
  }

  /** Writes if nobody else has written since; `undefined` otherwise. A rejection means that nobody knows. */
  async replace(current: Stored<T>, value: T, clear: ClearFields): Promise<Stored<T> | undefined> {
    const stored = { ...clear, id: current.id, version: current.version + 1, value };
    const replaced = await this.access.use((store) =>
      store.replace(this.kind, current.id, current.version, this.seal(stored)),
    );
    return replaced ? stored : undefined;
  }

  remove(id: string): Promise<boolean> {
    return this.access.use((store) => store.remove(this.kind, id));
  }

  /** All of the kind that match, in pages. */
  async *all(filter: BrokerRecordFilter): AsyncGenerator<Stored<T> | { id: string; value: typeof UNREADABLE }> {
    for await (const record of this.sealed(filter)) {
      const opened = this.open(record);
      yield opened === UNREADABLE ? { id: record.id, value: UNREADABLE } : opened;
    }
  }

  /** Seals again what another key than the first of the ring has sealed. */
  async *reencrypt(): AsyncGenerator<'reencrypted' | 'unreadable'> {
    for await (const record of this.sealed({})) {
      if (this.keyRing.isSealedByFirst(record.payload)) continue;
      const opened = this.open(record);
      if (opened === UNREADABLE) yield 'unreadable';
      // Whoever writes at the same time seals with the first key, too: then there is nothing left to do.
      else if ((await this.replace(opened, opened.value, opened)) !== undefined) yield 'reencrypted';
    }
  }

  private async *sealed(filter: BrokerRecordFilter): AsyncGenerator<IdentifiedBrokerRecord> {
    let after: string | undefined;
    for (;;) {
      const page = await this.access.use((store) => store.list(this.kind, filter, { after, limit: PAGE }));
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.id;
    }
  }

  private contextOf(id: string): string {
    return `${this.kind} ${id} ${this.owner}`;
  }

  private tell(id: string): void {
    if (this.told.has(id)) return;
    this.told.set(id, true);
    this.events.emit({ type: 'record_unreadable', kind: this.kind, id });
  }

  private seal({ id, value, version, expiresAt, subject, sid }: Stored<T>): BrokerRecord {
    const payload = this.keyRing.seal('record', this.contextOf(id), JSON.stringify(value));
    return {
      version,
      payload,
      expiresAt,
      ...(subject === undefined ? {} : { subject }),
      ...(sid === undefined ? {} : { sid }),
    };
  }

  private open(record: IdentifiedBrokerRecord): Stored<T> | typeof UNREADABLE {
    const { id, version, payload, expiresAt, subject, sid } = record;
    const opened = this.keyRing.open('record', this.contextOf(id), payload);
    if (opened === undefined) {
      this.tell(id);
      return UNREADABLE;
    }
    return { id, version, expiresAt, subject, sid, value: JSON.parse(opened) as T };
  }
}
