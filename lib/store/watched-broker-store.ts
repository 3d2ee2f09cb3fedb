import { quoted } from '../errors/operator-log.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type IdentifiedBrokerRecord,
} from './broker-store.js';

/** ms by which the database's clock may differ from that of this machine, which is a matter of minutes. */
const CLOCKS_APART = 86_400_000;

/**
 * A store whose every answer is looked at: one that is of another type than the contract says would do harm far from
 * where it came from. Rejections are passed on as they are.
 *
 * @throws {@link OidcAuthError} `store_misconfigured` naming the method, by every method
 */
export class WatchedBrokerStore extends BrokerStore {
  constructor(private readonly store: BrokerStore) {
    super();
  }

  override async setup(): Promise<void> {
    await this.store.setup();
  }

  override async close(): Promise<void> {
    await this.store.close();
  }

  override async ping(): Promise<void> {
    await this.store.ping();
  }

  override async now(): Promise<number> {
    return this.whole('now', await this.store.now());
  }

  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean> {
    return this.decision('insert', await this.store.insert(kind, id, record));
  }

  override async find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null> {
    const found: unknown = await this.store.find(kind, id);
    if (found === null) return null;
    return isRecord(found) ? found : this.broken('find', 'neither null nor a record', found);
  }

  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean> {
    return this.decision('replace', await this.store.replace(kind, id, version, record));
  }

  override async remove(kind: BrokerRecordKind, id: string): Promise<boolean> {
    return this.decision('remove', await this.store.remove(kind, id));
  }

  override async list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    page: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]> {
    const found: unknown = await this.store.list(kind, filter, page);
    if (!Array.isArray(found)) return this.broken('list', 'no array', found);
    if (found.length > page.limit) return this.broken('list', `more than ${page.limit} records`, found.length);
    let last = page.after ?? '';
    for (const record of found as unknown[]) {
      if (!isRecord(record) || !('id' in record) || typeof record.id !== 'string') {
        return this.broken('list', 'something that is no record with its id', record);
      }
      // Whoever reads page after page would come to no end.
      if (record.id <= last) return this.broken('list', `no ids in their order after ${quoted(last)}`, record.id);
      last = record.id;
    }
    return found as IdentifiedBrokerRecord[];
  }

  override async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    return this.whole('removeAll', await this.store.removeAll(kind, filter));
  }

  override async purgeExpired(limit: number): Promise<number> {
    return this.whole('purgeExpired', await this.store.purgeExpired(limit));
  }

  /**
   * Tries what cannot be told by the type of an answer, with records that last a minute: that a record comes back whole, that
   * who comes second is told `false`, and that what has expired is gone.
   *
   * @param id random, at most 36 characters: nobody else's
   */
  async prove(id: string): Promise<void> {
    const now = await this.now();
    if (Math.abs(now - Date.now()) > CLOCKS_APART) this.broken('now', 'no ms since the epoch of about today', now);
    // As long as what they are in use.
    const [subject, sid] = [`s${id}`.padEnd(43, '_'), `i${id}`.padEnd(43, '_')];
    const record: BrokerRecord = { version: 1, payload: 'a trial', expiresAt: now + 60_000, subject, sid };
    const next: BrokerRecord = { version: 2, payload: 'its end', expiresAt: now + 60_000, sid };
    const expired = `expired-${id}`;
    const found = async () => recordText(await this.find('marker', id));
    const listed = async (filter: BrokerRecordFilter) =>
      (await this.list('marker', filter, { limit: 2 })).map((one) => `${one.id} ${recordText(one)}`).join();

    const steps: readonly (readonly [keyof BrokerStore, unknown, () => Promise<unknown>, string])[] = [
      ['insert', true, () => this.insert('marker', id, record), 'nothing has this id yet'],
      ['insert', false, () => this.insert('marker', id, record), 'the id was taken'],
      ['find', recordText(record), found, 'that was inserted'],
      ['list', `${id} ${recordText(record)}`, () => listed({ subject, sid }), 'that is the record of this subject'],
      ['replace', false, () => this.replace('marker', id, 2, next), 'the record has version 1, not 2'],
      ['replace', true, () => this.replace('marker', id, 1, next), 'the record has this version'],
      ['find', recordText(next), found, 'that has replaced it'],
      ['list', '', () => listed({ subject }), 'the record has no subject any more'],
      ['remove', true, () => this.remove('marker', id), 'the record is there'],
      ['remove', false, () => this.remove('marker', id), 'it was just removed'],
      ['replace', false, () => this.replace('marker', id, 2, next), 'it was just removed'],
      ['find', recordText(null), found, 'it was just removed'],
      [
        'insert',
        true,
        () => this.insert('marker', expired, { ...record, expiresAt: now - CLOCKS_APART }),
        'nothing has this id yet',
      ],
      ['find', recordText(null), async () => recordText(await this.find('marker', expired)), 'it has expired'],
      ['insert', true, () => this.insert('marker', expired, next), 'what has this id has expired'],
      ['remove', true, () => this.remove('marker', expired), 'the record is there'],
    ];
    for (const [method, expected, step, reason] of steps) {
      const outcome = await step();
      if (outcome !== expected) this.broken(method, `not ${quoted(expected)}, although ${reason}`, outcome);
    }
  }

  private decision(method: keyof BrokerStore, value: unknown): boolean {
    return typeof value === 'boolean' ? value : this.broken(method, 'neither true nor false', value);
  }

  private whole(method: keyof BrokerStore, value: unknown): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.broken(method, 'no whole number', value);
  }

  private broken(method: keyof BrokerStore, what: string, value: unknown): never {
    const message =
      `${this.store.constructor.name}.${method}() breaks the contract of BrokerStore: it returned ${what} (${described(value)}). ` +
      "describeBrokerStore of 'nestjs-oidc-auth/testing' checks a store against all of it.";
    throw new OidcAuthError('store_misconfigured', message, { operatorHint: message });
  }
}

/** To be compared: whatever the order of its members is. */
function recordText(record: BrokerRecord | null): string {
  if (record === null) return 'null';
  const { version, payload, expiresAt, subject, sid } = record;
  return JSON.stringify({ version, payload, expiresAt, subject, sid });
}

function isRecord(value: unknown): value is BrokerRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, payload, expiresAt, subject, sid } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(version) &&
    typeof payload === 'string' &&
    Number.isSafeInteger(expiresAt) &&
    [subject, sid].every((field) => field === undefined || typeof field === 'string')
  );
}

/** Its shape, as a record's content is nobody's business. */
function described(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (typeof value !== 'object' || value === null) return quoted(value);
  if (Array.isArray(value)) return 'an array';
  const members = Object.entries(value).map(([name, member]) => `${name}: ${member === null ? 'null' : typeof member}`);
  return `an object with ${members.join(', ') || 'nothing in it'}`;
}
