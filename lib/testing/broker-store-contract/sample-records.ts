import type { BrokerRecord, BrokerRecordKind, BrokerStore } from '../../store/broker-store.js';

/** All kinds that there are. */
export const KINDS = Object.keys({
  key: true,
  grant: true,
  peer: true,
  marker: true,
} satisfies Record<BrokerRecordKind, true>) as readonly BrokerRecordKind[];

/** ms that no test takes. */
const LONG = 3_600_000;

/** A record that lives on, with what is not said. */
export async function living(store: BrokerStore, fields: Partial<BrokerRecord> = {}): Promise<BrokerRecord> {
  return { version: 1, payload: 'sealed', expiresAt: (await store.now()) + LONG, ...fields };
}

/** A record whose end is past. */
export async function expired(store: BrokerStore, fields: Partial<BrokerRecord> = {}): Promise<BrokerRecord> {
  return living(store, { expiresAt: (await store.now()) - 1, ...fields });
}

/** An index field as it is in use: 43 characters, told apart by its beginning. */
export function hash(name: string): string {
  return name.padEnd(43, '_');
}
