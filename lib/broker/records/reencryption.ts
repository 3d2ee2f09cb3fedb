import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { KeyRing } from '../../sealing/key-ring.js';
import type { BrokerRecordKind } from '../../store/broker-store.js';
import { BrokerEvents } from '../broker-events.js';
import { ownerOf, SealedRecords } from './sealed-records.js';
import { StoreAccess } from './store-access.js';

/** What became of the records that another key than the first of the ring had sealed. */
export interface ReencryptionReport {
  /** How many were sealed again, with the first key. */
  readonly reencrypted: number;
  /** How many no key of the ring opens: they are kept as they are. */
  readonly unreadable: number;
}

/** What is sealed. Markers are one-time values by their ids alone. */
const SEALED: readonly BrokerRecordKind[] = ['key', 'grant', 'peer'];

/** Brings all that this application has stored under the first key of the ring. */
@Injectable()
export class Reencryption {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(StoreAccess) private readonly access: StoreAccess,
    @Inject(KeyRing) private readonly keyRing: KeyRing,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  async run(): Promise<ReencryptionReport> {
    const owner = ownerOf(this.options);
    const report = { reencrypted: 0, unreadable: 0 };
    for (const kind of SEALED) {
      const records = new SealedRecords(kind, owner, this.access, this.keyRing, this.events);
      for await (const outcome of records.reencrypt()) report[outcome]++;
    }
    return report;
  }
}
