import { Logger } from '@nestjs/common';
import {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type IdentifiedBrokerRecord,
} from './broker-store.js';

/**
 * Keeps records in the memory of this process: for tests and first steps. Sessions and signing keys end with the process,
 * and a second process has its own; so it warns at its set-up unless `NODE_ENV` is `test`.
 */
export class MemoryBrokerStore extends BrokerStore {
  private readonly kinds = new Map<BrokerRecordKind, Map<string, BrokerRecord>>();
  private hasWarned = false;

  async setup(): Promise<void> {
    if (this.hasWarned || process.env['NODE_ENV'] === 'test') return;
    this.hasWarned = true;
    new Logger(MemoryBrokerStore.name).warn(
      'Broker sessions and signing keys are kept in memory: they end with this process, and no other process knows them.',
    );
  }

  async close(): Promise<void> {}

  async ping(): Promise<void> {}

  async now(): Promise<number> {
    return Date.now();
  }

  async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean> {
    if (this.live(kind, id) !== undefined) return false;
    this.records(kind).set(id, Object.freeze({ ...record }));
    return true;
  }

  async find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null> {
    return this.live(kind, id) ?? null;
  }

  async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean> {
    if (this.live(kind, id)?.version !== version) return false;
    this.records(kind).set(id, Object.freeze({ ...record }));
    return true;
  }

  async remove(kind: BrokerRecordKind, id: string): Promise<boolean> {
    return this.live(kind, id) !== undefined && this.records(kind).delete(id);
  }

  async list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    { after, limit }: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]> {
    return this.selected(kind, filter)
      .filter(({ id }) => after === undefined || id > after)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    const selected = this.selected(kind, filter);
    for (const { id } of selected) this.records(kind).delete(id);
    return selected.length;
  }

  async purgeExpired(limit: number): Promise<number> {
    let purged = 0;
    for (const records of this.kinds.values()) {
      for (const [id, record] of records) {
        if (purged === limit) return purged;
        if (isExpired(record) && records.delete(id)) purged++;
      }
    }
    return purged;
  }

  private selected(kind: BrokerRecordKind, { subject, sid }: BrokerRecordFilter): IdentifiedBrokerRecord[] {
    return [...this.records(kind)]
      .filter(([, record]) => !isExpired(record))
      .filter(([, record]) => subject === undefined || record.subject === subject)
      .filter(([, record]) => sid === undefined || record.sid === sid)
      .map(([id, record]) => ({ ...record, id }));
  }

  private live(kind: BrokerRecordKind, id: string): BrokerRecord | undefined {
    const record = this.records(kind).get(id);
    return record === undefined || isExpired(record) ? undefined : record;
  }

  private records(kind: BrokerRecordKind): Map<string, BrokerRecord> {
    let records = this.kinds.get(kind);
    if (records === undefined) this.kinds.set(kind, (records = new Map()));
    return records;
  }
}

function isExpired({ expiresAt }: BrokerRecord): boolean {
  return expiresAt <= Date.now();
}
