import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { plainCause } from '../../errors/plain-cause.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import type { Dialect, ErrorMeaning, Statement, StatementResult } from './dialect.js';

/** ms within which a statement is answered, or its outcome is unknown. */
const STATEMENT_LIMIT = 5_000;
/** ms for each step of opening and setting up, where other processes may be doing the same. */
const SETUP_LIMIT = 30_000;
/** ms between two attempts of a statement that others kept from doing anything, at most. */
const LONGEST_PAUSE = 50;

/**
 * A DataSource, used for single statements only: each is a transaction of its own, so nothing can interleave on an
 * embedded database's one connection. Errors carry no statement and no parameters.
 */
export class Database {
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
    await within(STATEMENT_LIMIT, this.dataSource.destroy()).catch((error: unknown) => {
      throw plain(error);
    });
  }

  /**
   * Runs a statement that others may keep from doing anything (a deadlock, a locked file): then, and only then, it is
   * tried again.
   */
  execute(statement: Statement): Promise<StatementResult> {
    return this.repeatWhileUndone(STATEMENT_LIMIT, (limit) => this.attempt(statement, limit));
  }

  /** For statements that make tables. */
  executeSetup(sql: string): Promise<StatementResult> {
    return this.repeatWhileUndone(SETUP_LIMIT, (limit) => this.attempt({ sql, parameters: [] }, limit));
  }

  meaningOf(error: unknown): ErrorMeaning | undefined {
    return error instanceof Error ? this.dialect.meaningOf(error) : undefined;
  }

  private async openOwn(): Promise<void> {
    if (!this.dataSource.isInitialized) {
      await this.repeatWhileUndone(SETUP_LIMIT, async (limit) => {
        try {
          await within(limit, this.dataSource.initialize());
        } catch (error) {
          // A pool that was made before the failure would keep the process alive.
          await within(limit, this.dataSource.driver.disconnect()).catch(() => undefined);
          throw error;
        }
      });
    }
    for (const sql of this.dialect.connectionScript) await this.executeSetup(sql);
  }

  private async repeatWhileUndone<T>(limit: number, attempt: (limit: number) => Promise<T>): Promise<T> {
    const deadline = performance.now() + limit;
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

  private async attempt({ sql, parameters }: Statement, limit: number): Promise<StatementResult> {
    // Of a replicated database the primary: reads have to see what was written last.
    const runner = this.dataSource.createQueryRunner('master');
    let isLate = false;
    const work = async (): Promise<StatementResult> => {
      await runner.connect();
      // The caller has gone, and was told that the outcome is unknown: an hour later is too late to write.
      if (isLate) throw new Error('nobody waits for this statement any more');
      const result = await runner.query(this.dialect.withPlaceholders(sql), [...parameters], true);
      return { affected: result.affected ?? 0, rows: result.records ?? [] };
    };
    try {
      return await within(limit, work(), () => {
        isLate = true;
      });
    } finally {
      if (isLate) void this.abandon(runner);
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

async function within<T>(limit: number, work: Promise<T>, onLate?: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate?.();
      reject(
        Object.assign(new Error(`the database did not answer within ${Math.round(limit)} ms`), { code: 'ETIMEDOUT' }),
      );
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** TypeORM's own error holds the statement and its parameters; the driver's, inside it, what went wrong. */
function plain(error: unknown): Error {
  return plainCause((error as { driverError?: unknown } | undefined)?.driverError ?? error);
}
