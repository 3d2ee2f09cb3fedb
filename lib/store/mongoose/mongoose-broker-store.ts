import { randomBytes } from 'node:crypto';
import type { Connection, mongo } from 'mongoose';
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
import { Database, type StatementOptions } from './database.js';
import { indexCommands } from './indexes.js';
import { ensureSchema } from './schema.js';
import {
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
  private settingUp: Promise<void> | undefined;

  /** @throws OidcAuthError `store_misconfigured` for a connection or an option that cannot be used */
  constructor(connection: Connection, options?: MongooseBrokerStoreOptions);
  /** @internal `connect` opens a connection of the store's own. */
  constructor(connection: Connection, options: MongooseBrokerStoreOptions, connect: () => Promise<unknown>);
  constructor(connection: Connection, options: MongooseBrokerStoreOptions = {}, connect?: () => Promise<unknown>) {
    super();
    if (typeof (connection as Connection | undefined)?.asPromise !== 'function') {
      throw storeMisconfigured('MongooseBrokerStore takes a Mongoose connection, such as mongoose.connection.');
    }
    const { createIndexes = true, dedicated = false } = options;
    this.createIndexes = createIndexes;
    this.database = new Database(connection, collectionName(options), dedicated, connect);
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
    await this.database.close();
  }

  override async ping(): Promise<void> {
    await this.now();
  }

  override now(): Promise<number> {
    return this.database.now();
  }

  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean> {
    const document: StoredRecord = {
      _id: keyOf(kind, id),
      ...fieldsOf(record),
      insertion: randomBytes(12).toString('base64url'),
    };
    // One statement, which writes over what has expired and leaves alone what has not (`$expr` in the query is not allowed
    // of an upsert). Whose record is there afterwards is told by a mark that only this call knows.
    const update = [{ $replaceWith: { $cond: [HAS_EXPIRED, { $literal: document }, '$$ROOT'] } }];
    return this.database.execute(async (collection, options) => {
      for (;;) {
        try {
          const present = await collection.findOneAndUpdate({ _id: document._id }, update, {
            ...options,
            upsert: true,
            returnDocument: 'after',
            projection: { insertion: 1 },
          });
          if (present?.insertion === document.insertion) return true;
          if (await this.exists(living({ _id: document._id }), collection, options)) return false;
        } catch (error) {
          // Another upsert came first, and this one has done nothing. Now there is something to look at.
          if (!isTakenKey(error) || options.signal.aborted) throw error;
        }
      }
    });
  }

  override async find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null> {
    const found = await this.database.execute(async (collection, options) =>
      collection.findOne(living({ _id: keyOf(kind, id) }), {
        ...options,
        ...(await this.database.latest()),
        projection: RECORD_FIELDS,
      }),
    );
    return found === null ? null : recordOf(found);
  }

  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean> {
    const replaced = await this.change(
      living({ _id: keyOf(kind, id), version }),
      async (filter, collection, options) =>
        (await collection.replaceOne(filter, fieldsOf(record), options)).matchedCount,
    );
    return replaced === 1;
  }

  override async remove(kind: BrokerRecordKind, id: string): Promise<boolean> {
    const removed = await this.change(
      living({ _id: keyOf(kind, id) }),
      async (filter, collection, options) => (await collection.deleteOne(filter, options)).deletedCount,
    );
    return removed === 1;
  }

  override async list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    { after, limit }: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]> {
    const found = await this.database.execute(async (collection, options) =>
      collection
        .find(selected(kind, filter, after), {
          ...options,
          ...(await this.database.latest()),
          projection: RECORD_FIELDS,
          sort: { _id: 1 },
          limit,
        })
        .toArray(),
    );
    return found.map((record) => ({ id: idOf(record), ...recordOf(record) }));
  }

  override async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    return this.change(
      selected(kind, filter),
      async (selection, collection, options) => (await collection.deleteMany(selection, options)).deletedCount,
    );
  }

  override async purgeExpired(limit: number): Promise<number> {
    // A deletion has no limit here: what to delete is looked up first, and has to have expired still when it is.
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

  /**
   * A write that finds nothing to change leaves nothing that a majority would have to have: a primary that was deposed and
   * does not know yet is answered for like any other. So nothing is what it says only where there is nothing to be found by
   * a query that sees all. Otherwise nothing was done, and it is done now.
   */
  private change(
    filter: mongo.Filter<StoredRecord>,
    write: (filter: mongo.Filter<StoredRecord>, ...rest: StatementArguments) => Promise<number>,
  ): Promise<number> {
    return this.database.execute(async (...rest) => {
      for (;;) {
        const count = await write(filter, ...rest);
        if (count > 0 || !(await this.exists(filter, ...rest))) return count;
      }
    });
  }

  private async exists(
    filter: mongo.Filter<StoredRecord>,
    ...[collection, options]: StatementArguments
  ): Promise<boolean> {
    const latest = await this.database.latest();
    return (await collection.findOne(filter, { ...options, ...latest, projection: { _id: 1 } })) !== null;
  }

  private async openAndEnsureSchema(): Promise<void> {
    await this.database.open();
    await ensureSchema(this.database, this.createIndexes);
  }
}

type StatementArguments = readonly [collection: mongo.Collection<StoredRecord>, options: StatementOptions];

/** Of `_id`: an index that somebody has added would be in the way for ever. */
function isTakenKey(error: unknown): boolean {
  const { code, keyPattern } = error as { code?: unknown; keyPattern?: object };
  return code === 11_000 && keyPattern !== undefined && '_id' in keyPattern;
}
