import { once } from 'node:events';
import type { Connection, mongo } from 'mongoose';
import { storeMisconfigured } from '../store-misconfigured.js';
import { STATEMENT_LIMIT, TIMED_OUT, within } from '../time-limit.js';
import { plainError } from './plain-error.js';
import type { StoredRecord } from './stored-record.js';

/** ms for the driver to take its leave of the server. */
const CLOSE_LIMIT = 1_000;

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

/**
 * Of a query that has to see every write that was acknowledged. What a primary knows to be with a majority lacks some of
 * them for a moment after it was elected, and one that was deposed and does not know yet never gets them. So the server
 * writes a line into its oplog after such a query, and answers once a majority has it: only a primary can do that, and it
 * costs about as much as a write. A write of ours that changes nothing does not do: it leaves no line that a majority would
 * have to have, and is answered at once.
 */
const LINEARIZABLE = { readConcern: { level: 'linearizable' } } as const;

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
  private hasOthers: boolean | undefined;

  constructor(
    private readonly connection: Connection,
    readonly collectionName: string,
    /** Whether it is closed from here. */
    private readonly isOwn: boolean,
    /** Opens it, where that is done from here, too. */
    private readonly connect?: () => Promise<unknown>,
  ) {}

  /**
   * Opens the connection, or waits until that is done by whom it belongs to.
   *
   * @throws {@link OidcAuthError} `store_misconfigured` where nobody does
   */
  async open(): Promise<void> {
    const { connection, connect } = this;
    if (connection.db === undefined) {
      if (connect === undefined && connection.readyState !== CONNECTING) {
        throw storeMisconfigured(
          'The connection given to MongooseBrokerStore is not open: await mongoose.connect(url), or openUri(url) of the connection, first.',
        );
      }
      await limited(STATEMENT_LIMIT, async (signal) => {
        await connect?.();
        // An attempt that took too long for an earlier set-up goes on: that one is waited for only here.
        await connection.asPromise();
        // One of `useDb` follows the connection that it was made from.
        if (connection.db === undefined) await once(connection, 'open', { signal });
      });
    }
    if (['admin', 'config', 'local'].includes(this.db.databaseName)) {
      throw storeMisconfigured(`The database ${this.db.databaseName} is MongoDB's own: give the store another one.`);
    }
  }

  /** Where there is no server the driver looks for one, to end its sessions there: it closes by itself after that. */
  async close(): Promise<void> {
    if (!this.isOwn) return;
    try {
      await limited(CLOSE_LIMIT, () => this.connection.close());
    } catch (error) {
      if ((error as { code?: unknown }).code !== TIMED_OUT) throw error;
    }
  }

  execute<T>(
    statement: (collection: mongo.Collection<StoredRecord>, options: StatementOptions) => Promise<T>,
    limit = STATEMENT_LIMIT,
  ): Promise<T> {
    return limited(limit, (signal) => {
      const collection = this.db.collection<StoredRecord>(this.collectionName, { ...PLAIN_VALUES, ...CONCERNS });
      return statement(collection, { signal, maxTimeMS: limit });
    });
  }

  /** What makes a query see every write that was acknowledged. */
  async latest(): Promise<Partial<typeof LINEARIZABLE>> {
    return (await this.canBeDeposed()) ? LINEARIZABLE : {};
  }

  /**
   * Whether another server could be primary in its place. A standalone refuses what is said of others, and the only member
   * of a set would take its time with it: it writes its journal ten times a second for that.
   */
  async canBeDeposed(): Promise<boolean> {
    if (this.hasOthers === undefined) await this.now();
    return this.hasOthers!;
  }

  /** The clock of the primary, in ms since the epoch. */
  async now(): Promise<number> {
    const { localTime, hosts, msg } = await limited(STATEMENT_LIMIT, (signal) =>
      this.db.command({ hello: 1 }, { readPreference: 'primary', signal }),
    );
    // Each time, as a set may be given more members. Those that can be primary are named; the router of a cluster names none.
    this.hasOthers = (hosts ?? []).length > 1 || msg === 'isdbgrid';
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
async function limited<T>(limit: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await within(limit, work);
  } catch (error) {
    throw plainError(error);
  }
}
