import { once } from 'node:events';
import type { Connection, mongo } from 'mongoose';
import { storeMisconfigured } from '../store-misconfigured.js';
import { plainError } from './plain-error.js';
import type { StoredRecord } from './stored-record.js';

/** ms within which a statement is answered, or its outcome is unknown. */
export const STATEMENT_LIMIT = 5_000;
/** ms for the driver to take its leave of the server. */
const CLOSE_LIMIT = 1_000;

/** Code of an error of this store, for want of an answer. */
const TIMED_OUT = 'ETIMEDOUT';

/** Mongoose's number for a connection that is being made. */
const CONNECTING = 2;

/**
 * Numbers and texts as they are, whatever the application has chosen for its own documents.
 */
const PLAIN_VALUES = {
  raw: false,
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  fieldsAsRaw: {},
} as const;

/**
 * Said with every statement, whatever the application has chosen for its own. A secondary does not have every write that
 * was acknowledged, and a primary may lose what only itself has: then a refresh token is back that the provider has
 * already seen. Journaled, as a server that belongs to no replica set would acknowledge what it has only in memory.
 */
const CONCERNS = {
  readPreference: 'primary',
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', journal: true },
} as const;

/** What is said with a statement: who waits for it no longer, and how long the server may work on it. */
export interface StatementOptions {
  readonly signal: AbortSignal;
  readonly maxTimeMS: number;
}

/**
 * A Mongoose connection, of which the driver's own collection is used: no model, no buffer, no plugin. Errors carry no
 * document and no URL.
 *
 * The driver may send a statement once more whose answer was lost, where servers remember what they have done (replica
 * sets): it is then told the outcome of the first time. Nothing is repeated here.
 */
export class Database {
  constructor(
    private readonly connection: Connection,
    readonly collectionName: string,
  ) {}

  /**
   * Waits for a connection that is being made.
   *
   * @throws {@link OidcAuthError} `store_misconfigured` where nobody makes it
   */
  async open(): Promise<void> {
    const { connection } = this;
    if (connection.db !== undefined) return;
    if (connection.readyState !== CONNECTING) {
      throw storeMisconfigured(
        'The connection given to MongooseBrokerStore is not open: await mongoose.connect(url), or openUri(url) of the connection, first.',
      );
    }
    await within(STATEMENT_LIMIT, async (signal) => {
      await connection.asPromise();
      // One of `useDb` follows the connection that it was made from.
      if (connection.db === undefined) await once(connection, 'open', { signal });
    });
  }

  /** Where there is no server the driver looks for one, to end its sessions there: it closes by itself after that. */
  async close(): Promise<void> {
    try {
      await within(CLOSE_LIMIT, () => this.connection.close());
    } catch (error) {
      if ((error as { code?: unknown }).code !== TIMED_OUT) throw error;
    }
  }

  execute<T>(
    statement: (collection: mongo.Collection<StoredRecord>, options: StatementOptions) => Promise<T>,
    limit = STATEMENT_LIMIT,
  ): Promise<T> {
    return within(limit, (signal) => {
      const collection = this.db.collection<StoredRecord>(this.collectionName, { ...PLAIN_VALUES, ...CONCERNS });
      return statement(collection, { signal, maxTimeMS: limit });
    });
  }

  /** The clock of the primary, in ms since the epoch. */
  async now(): Promise<number> {
    const { localTime } = await within(STATEMENT_LIMIT, (signal) =>
      this.db.command({ hello: 1 }, { readPreference: 'primary', signal }),
    );
    return (localTime as Date).getTime();
  }

  /** Of the moment: a connection that is opened again has another one. */
  private get db(): mongo.Db {
    const { db } = this.connection;
    if (db === undefined) throw new Error('the connection to the database is not open');
    return db;
  }
}

/**
 * The driver's own limits are for a whole connection, which may be the application's. What is given up is sent no more
 * where it still waits for a server or a connection, and its connection is closed where it waits for an answer.
 */
export async function within<T>(limit: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = Object.assign(new Error(`the database did not answer within ${limit} ms`), { code: TIMED_OUT });
      reject(error);
      late.abort(error);
    }, limit);
  });
  try {
    return await Promise.race([work(late.signal), timeout]);
  } catch (error) {
    throw plainError(error);
  } finally {
    clearTimeout(timer);
  }
}
