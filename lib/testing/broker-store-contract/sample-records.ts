import type { BrokerRecord, BrokerStore } from '../../store/broker-store.js';

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

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export function count<T>(values: readonly T[], wanted: T): number {
  return values.filter((value) => value === wanted).length;
}
