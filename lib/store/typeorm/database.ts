import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { plainCause } from '../../errors/plain-cause.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import { STATEMENT_LIMIT, timedOut, within } from '../time-limit.js';
import type { Dialect, ErrorMeaning } from './dialect.js';
import { isRead, type Statement, type StatementResult } from './statement.js';

/** ms for each step of opening and setting up, where other processes may be doing the same. */
const SETUP_LIMIT = 30_000;
/** ms between two attempts of a statement that others kept from doing anything, at most. */
const LONGEST_PAUSE = 50;

/**
 * A DataSource, used for single statements, each of which is a transaction of its own. Errors carry no statement and no
 * parameters.
 */
export class Database {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly dialect: Dialect,
    private readonly dataSource: DataSource,
    /** Whether it is opened and closed from here. */
    private readonly isOwn: boolean,
  ) {}

  /** @throws {@link OidcAuthError} `store_misconfigured` where the application has not opened its own */
  async open(): Promise<void> {
    if (this.isOwn) await this.openOwn();
    else if (!this.dataSource.isInitialized) {
      throw storeMisconfigured(
        'The DataSource given to TypeOrmBrokerStore is not initialized: await dataSource.initialize() first, or say { dedicated: true } and the store does it.',
      );
    }
  }

  async close(): Promise<void> {
    if (!this.isOwn || !this.dataSource.isInitialized) return;
    await within(STATEMENT_LIMIT, () => this.dataSource.destroy()).catch((error: unknown) => {
      throw plain(error);
    });
  }

  /**
   * Runs a statement that others may keep from doing anything (a deadlock, a locked file): then, and only then, it is
   * tried again.
   */
  execute(statement: Statement): Promise<StatementResult> {
    const attempt = (limit: number) => this.attempt(statement, limit);
    return isRead(statement)
      ? this.repeatUntil(performance.now() + STATEMENT_LIMIT, attempt)
      : this.repeatInTurn(STATEMENT_LIMIT, attempt);
  }

  /** For statements that make tables. */
  executeSetup(sql: string): Promise<StatementResult> {
    return this.repeatInTurn(SETUP_LIMIT, (limit) => this.attempt({ sql, parameters: [] }, limit));
  }

  meaningOf(error: unknown): ErrorMeaning | undefined {
    return error instanceof Error ? this.dialect.meaningOf(error) : undefined;
  }

  private async openOwn(): Promise<void> {
    if (!this.dataSource.isInitialized) {
      await this.repeatInTurn(SETUP_LIMIT, async (limit) => {
        try {
          await within(limit, () => this.dataSource.initialize());
        } catch (error) {
          // A pool that was made before the failure would keep the process alive.
          await within(limit, () => this.dataSource.driver.disconnect()).catch(() => undefined);
          throw error;
        }
      });
    }
    // Also this finds the file locked, where another process makes its tables.
    await this.repeatInTurn(SETUP_LIMIT, async () =>
      this.dialect.prepareConnection?.(await this.dataSource.createQueryRunner('master').connect()),
    );
  }

  /** Writers of an embedded database queue up here: each attempt to lock the file blocks the process for a moment. */
  private repeatInTurn<T>(limit: number, attempt: (limit: number) => Promise<T>): Promise<T> {
    const deadline = performance.now() + limit;
    if (!this.dialect.isEmbedded) return this.repeatUntil(deadline, attempt);
    const result = this.turn.then(() => {
      if (performance.now() > deadline) throw timedOut(limit);
      return this.repeatUntil(deadline, attempt);
    });
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async repeatUntil<T>(deadline: number, attempt: (limit: number) => Promise<T>): Promise<T> {
    for (let pause = 5; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await attempt(deadline - performance.now());
      } catch (error) {
        const cause = plain(error);
        if (this.meaningOf(cause) !== 'undone' || performance.now() + pause > deadline) throw cause;
      }
      await delay(pause);
    }
  }

  private async attempt(statement: Statement, limit: number): Promise<StatementResult> {
    // Of a replicated database the primary: reads have to see what was written last.
    const runner = this.dataSource.createQueryRunner('master');
    let late: AbortSignal | undefined;
    try {
      return await within(limit, async (signal) => {
        late = signal;
        await runner.connect();
        // The caller has gone, and was told that the outcome is unknown: an hour later is too late to write.
        signal.throwIfAborted();
        return this.dialect.perform(runner, statement);
      });
    } finally {
      if (late?.aborted === true) void this.abandon(runner);
      else await runner.release();
    }
  }

  private async abandon(runner: QueryRunner): Promise<void> {
    try {
      this.dialect.abandon(await runner.connect());
      await runner.release();
    } catch {
      // There was no connection, or it is gone already.
    }
  }
}

/** TypeORM's own error holds the statement and its parameters; the driver's, inside it, what went wrong. */
function plain(error: unknown): Error {
  return plainCause((error as { driverError?: unknown } | undefined)?.driverError ?? error);
}
