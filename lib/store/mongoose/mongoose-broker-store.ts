import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type IdentifiedBrokerRecord,
} from '../broker-store.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import { collectionName, type CollectionOptions } from './collections.js';
import { Database } from './database.js';
import { indexCommands } from './indexes.js';
import { ensureSchema } from './schema.js';
import {
  CHANGES_NOTHING,
  fieldsOf,
  HAS_EXPIRED,
  idOf,
  keyOf,
  living,
  purgeableAt,
  RECORD_FIELDS,
  recordOf,
  selected,
  type StoredRecord,
} from './stored-record.js';

/** How a {@link MongooseBrokerStore} uses the connection it is given. */
export interface MongooseBrokerStoreOptions extends CollectionOptions {
  /**
   * Whether `setup()` makes the indexes that are missing, and the collection with them. With `false` it only looks, and
   * says what is missing. Default `true`.
   */
  readonly createIndexes?: boolean | undefined;
  /** `true`: nobody else uses the connection, and the store closes it. Default `false`: it is the application's. */
  readonly dedicated?: boolean | undefined;
}

/**
 * Keeps the broker's records in MongoDB, by a Mongoose connection. No model is registered with it: the store has one
 * collection of its own, and reads and writes it with the concerns it needs, whatever the application has chosen for its
 * own.
 *
 * ```ts
 * new MongooseBrokerStore(connection);
 * ```
 *
 * Methods reject where the database does not answer within 5 s.
 */
export class MongooseBrokerStore extends BrokerStore {
  private readonly database: Database;
  private readonly createIndexes: boolean;
  private readonly dedicated: boolean;
  private settingUp: Promise<void> | undefined;

  /** @throws OidcAuthError `store_misconfigured` for a connection or an option that cannot be used */
  constructor(connection: Connection, options: MongooseBrokerStoreOptions = {}) {
    super();
    if (typeof (connection as Connection | undefined)?.asPromise !== 'function') {
      throw storeMisconfigured('MongooseBrokerStore takes a Mongoose connection, such as mongoose.connection.');
    }
    const { createIndexes = true, dedicated = false } = options;
    this.createIndexes = createIndexes;
    this.dedicated = dedicated;
    this.database = new Database(connection, collectionName(options));
  }

  /**
   * Commands for mongosh that make the indexes, for databases where the application may not do that. Each may be repeated.
   * Afterwards the application needs the rights to find, insert, update and remove in that collection, and to list its
   * indexes.
   */
  static setupScript(options: CollectionOptions = {}): string {
    return indexCommands(collectionName(options));
  }

  override setup(): Promise<void> {
    this.settingUp ??= this.openAndEnsureSchema().finally(() => {
      this.settingUp = undefined;
    });
    return this.settingUp;
  }

  override async close(): Promise<void> {
    await this.settingUp?.catch(() => undefined);
    if (this.dedicated) await this.database.close();
  }

  override async ping(): Promise<void> {
    await this.now();
  }

  override now(): Promise<number> {
    return this.database.now();
  }

  /**
   * One statement, which writes over what has expired and leaves alone what has not. Whose record is there afterwards is
   * told by a mark that only this call knows.
   */
  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean> {
    const document: StoredRecord = {
      _id: keyOf(kind, id),
      ...fieldsOf(record),
      insertion: randomBytes(12).toString('base64url'),
    };
    // `$expr` in the query is not allowed of an upsert.
    const update = [{ $replaceWith: { $cond: [HAS_EXPIRED, { $literal: document }, '$$ROOT'] } }];
    const present = await this.database.execute(async (collection, options) => {
      for (;;) {
        try {
          return await collection.findOneAndUpdate({ _id: document._id }, update, {
            ...options,
            upsert: true,
            returnDocument: 'after',
            projection: { insertion: 1 },
          });
        } catch (error) {
          // Another upsert came first, and this one has done nothing. Now there is something to look at.
          if (!isTakenKey(error) || options.signal.aborted) throw error;
        }
      }
    });
    return present?.insertion === document.insertion;
  }

  /**
   * By a write that changes nothing: it is answered once a majority has what the primary has read. A query is not enough.
   * What a primary knows to be with a majority lacks acknowledged writes for a moment after it was elected, and one that
   * was deposed without knowing yet never has them.
   */
  override async find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null> {
    const found = await this.database.execute((collection, options) =>
      collection.findOneAndUpdate(living({ _id: keyOf(kind, id) }), CHANGES_NOTHING, {
        ...options,
        projection: RECORD_FIELDS,
      }),
    );
    return found === null ? null : recordOf(found);
  }

  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean> {
    const { matchedCount } = await this.database.execute((collection, options) =>
      collection.replaceOne(living({ _id: keyOf(kind, id), version }), fieldsOf(record), options),
    );
    return matchedCount === 1;
  }

  override async remove(kind: BrokerRecordKind, id: string): Promise<boolean> {
    const { deletedCount } = await this.database.execute((collection, options) =>
      collection.deleteOne(living({ _id: keyOf(kind, id) }), options),
    );
    return deletedCount === 1;
  }

  /** After a write that changes nothing, for the same reason. */
  override async list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    { after, limit }: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]> {
    const found = await this.database.execute(async (collection, options) => {
      await collection.updateOne({ _id: '' }, CHANGES_NOTHING, options);
      return collection
        .find(selected(kind, filter, after), { ...options, projection: RECORD_FIELDS, sort: { _id: 1 }, limit })
        .toArray();
    });
    return found.map((record) => ({ id: idOf(record), ...recordOf(record) }));
  }

  override async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    const { deletedCount } = await this.database.execute((collection, options) =>
      collection.deleteMany(selected(kind, filter), options),
    );
    return deletedCount;
  }

  /** A deletion has no limit here: what to delete is looked up first, and has to have expired still when it is. */
  override async purgeExpired(limit: number): Promise<number> {
    const purgeable = purgeableAt(await this.now());
    const found = await this.database.execute((collection, options) =>
      collection.find(purgeable, { ...options, projection: { _id: 1 }, limit }).toArray(),
    );
    if (found.length === 0) return 0;
    const { deletedCount } = await this.database.execute((collection, options) =>
      collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) }, $expr: HAS_EXPIRED }, options),
    );
    return deletedCount;
  }

  /** @internal */
  protected async open(): Promise<void> {
    await this.database.open();
  }

  private async openAndEnsureSchema(): Promise<void> {
    await this.open();
    await ensureSchema(this.database, this.createIndexes);
  }
}

/** Of `_id`: an index that somebody has added would be in the way for ever. */
function isTakenKey(error: unknown): boolean {
  const { code, keyPattern } = error as { code?: unknown; keyPattern?: object };
  return code === 11_000 && keyPattern !== undefined && '_id' in keyPattern;
}
