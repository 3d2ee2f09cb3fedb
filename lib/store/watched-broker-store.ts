import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog } from '../errors/operator-log.js';
import { isRecord, shapeOf } from './answer-shape.js';
import {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type IdentifiedBrokerRecord,
} from './broker-store.js';
import { storeUnavailable, storeUnfit } from './store-failure.js';
import { storeCall } from './store-shape.js';
import { firstBreach } from './trial.js';

/** ms after which a method that has not settled is told of; all but `setup` have to settle within 5 s. */
const SLOW = 6_000;

/**
 * A store whose every answer is looked at: one that is of another type than the contract says would do harm far from
 * where it came from. What goes wrong is told by the name of the store and the method, and to the operator alone.
 *
 * @throws {@link OidcAuthError} by every method: `store_misconfigured` where the store breaks its contract, or says so
 *   itself; `store_unavailable` for any other rejection
 */
export class WatchedBrokerStore extends BrokerStore {
  private readonly log = new OperatorLog();

  constructor(private readonly store: BrokerStore) {
    super();
  }

  override async setup(): Promise<void> {
    await this.watch('setup', () => this.store.setup());
  }

  override async close(): Promise<void> {
    await this.watch('close', () => this.store.close());
  }

  override async ping(): Promise<void> {
    await this.watch('ping', () => this.store.ping());
  }

  override async now(): Promise<number> {
    return this.whole('now', await this.watch('now', () => this.store.now()));
  }

  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean> {
    return this.decision('insert', await this.watch('insert', () => this.store.insert(kind, id, record)));
  }

  override async find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null> {
    const found: unknown = await this.watch('find', () => this.store.find(kind, id));
    if (found === null) return null;
    return isRecord(found) ? found : this.broken('find', `something other than null or a record (${shapeOf(found)})`);
  }

  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean> {
    return this.decision('replace', await this.watch('replace', () => this.store.replace(kind, id, version, record)));
  }

  override async remove(kind: BrokerRecordKind, id: string): Promise<boolean> {
    return this.decision('remove', await this.watch('remove', () => this.store.remove(kind, id)));
  }

  override async list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    page: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]> {
    const found: unknown = await this.watch('list', () => this.store.list(kind, filter, page));
    if (!Array.isArray(found)) return this.broken('list', `something other than an array (${shapeOf(found)})`);
    if (found.length > page.limit) {
      return this.broken('list', `more records (${found.length}) than its limit (${page.limit})`);
    }
    const { after = '' } = page;
    let last = after;
    for (const record of found as unknown[]) {
      if (!isRecord(record) || !('id' in record) || typeof record.id !== 'string') {
        return this.broken('list', `something other than records with their ids (${shapeOf(record)})`);
      }
      // Whoever reads page after page would come to no end.
      if (record.id <= after) return this.broken('list', 'a record whose id does not come after "after"');
      if (record.id <= last) return this.broken('list', "ids not in ascending order of their characters' codes");
      last = record.id;
    }
    return found as IdentifiedBrokerRecord[];
  }

  override async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    return this.whole('removeAll', await this.watch('removeAll', () => this.store.removeAll(kind, filter)));
  }

  override async purgeExpired(limit: number): Promise<number> {
    return this.whole('purgeExpired', await this.watch('purgeExpired', () => this.store.purgeExpired(limit)));
  }

  /**
   * Tries what cannot be told by the type of an answer.
   *
   * @param id random, at most 36 characters: nobody else's
   */
  async prove(id: string): Promise<void> {
    const breach = await firstBreach(this, id);
    if (breach !== undefined) this.broken(breach.method, breach.answer);
  }

  /** What hangs would keep the application from starting, or requests from being answered, without a word. */
  private async watch<T>(method: keyof BrokerStore, call: () => Promise<T>): Promise<T> {
    const slow = setTimeout(() => this.tellSlow(method), SLOW).unref();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof OidcAuthError) || error.code !== 'store_misconfigured') {
        throw storeUnavailable(storeCall(this.store, method), error);
      }
      throw storeUnfit(error.operatorHint ?? error.message, error.cause);
    } finally {
      clearTimeout(slow);
    }
  }

  private tellSlow(method: keyof BrokerStore): void {
    this.log.warn(`${storeCall(this.store, method)} has not settled for ${SLOW / 1_000} s, and is waited for.`);
  }

  private decision(method: keyof BrokerStore, value: unknown): boolean {
    if (typeof value === 'boolean') return value;
    return this.broken(method, `something other than true or false (${shapeOf(value)})`);
  }

  private whole(method: keyof BrokerStore, value: unknown): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.broken(method, `something other than a non-negative integer (${shapeOf(value)})`);
  }

  private broken(method: keyof BrokerStore, answer: string): never {
    throw storeUnfit(
      `${storeCall(this.store, method)} breaks the contract of BrokerStore: it returned ${answer}. ` +
        "describeBrokerStore of 'nestjs-oidc-auth/testing' checks a store against all of it.",
    );
  }
}
