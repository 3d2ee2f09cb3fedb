import { isRead, type Statement, type StatementResult } from './statement.js';

/** The part of better-sqlite3's interface that is used here; libsql has the same. */
export interface SqliteConnection {
  exec(sql: string): unknown;
  prepare(sql: string): {
    all(...parameters: readonly unknown[]): Readonly<Record<string, unknown>>[];
    run(...parameters: readonly unknown[]): { readonly changes: number };
  };
  close(): void;
}

/**
 * Runs a statement in a transaction, all in one go, so that no other can get into it.
 *
 * A prepared statement must never be the one that finds the database locked: libsql (0.5) does not reset it then, and
 * whatever the connection writes afterwards is reported as written without being committed, until that statement is
 * collected as garbage. `exec` cleans up after itself. So the lock is taken by `exec` first.
 */
export function runInTransaction(connection: SqliteConnection, statement: Statement): StatementResult {
  const reads = isRead(statement);
  connection.exec(reads ? 'begin' : 'begin immediate');
  try {
    if (reads) connection.exec('select 1 from sqlite_schema limit 1');
    const prepared = connection.prepare(statement.sql);
    const result = reads
      ? { affected: 0, rows: prepared.all(...statement.parameters) }
      : { affected: prepared.run(...statement.parameters).changes, rows: [] };
    connection.exec('commit');
    return result;
  } catch (error) {
    try {
      connection.exec('rollback');
    } catch {
      // SQLite has done it itself, as it does where the disk is full.
    }
    throw error;
  }
}
