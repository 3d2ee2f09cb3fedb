import type { QueryRunner } from 'typeorm';
import type { Statement, StatementResult } from './statement.js';

/** What an error of the database tells the store. */
export type ErrorMeaning =
  /** A record with this key exists. */
  | 'duplicate'
  /** The table, a column of it, or the schema is not there. */
  | 'missing'
  /** This user may not do that. */
  | 'forbidden'
  /** The database says that it did nothing because others were in the way: trying again cannot do it twice. */
  | 'undone';

/** The names in which the store keeps its records, quoted for the database. */
export interface TableNames {
  readonly table: string;
  /** Name of an index of that table. */
  index(column: string): string;
}

/** In what one database differs from the others. */
export interface Dialect {
  /** What people call it. */
  readonly displayName: string;
  /** Whether tables can be in a schema of their own. */
  readonly hasSchemas: boolean;
  /** The database's clock in ms since the epoch, as an expression: every expiry is judged by it. */
  readonly clock: string;
  /** Whether there is one connection, which does one thing at a time. */
  readonly isEmbedded: boolean;
  quoted(name: string): string;
  /** Runs a statement, as a transaction of its own. */
  perform(runner: QueryRunner, statement: Statement): Promise<StatementResult>;
  /** Statements that make the table, each of which may be repeated; `version` is recorded last. */
  setupStatements(names: TableNames, version: number): readonly string[];
  /** The same as they are to be sent, one after the other, by many processes at once. */
  toSend(statements: readonly string[]): readonly string[];
  /** What is said to the connection of an embedded database once it is open. */
  prepareConnection?(connection: unknown): void;
  /**
   * Statements of which the first that affects a row has inserted the record, and which never do so for two callers. A
   * duplicate key counts as no row affected.
   */
  insert(table: string, columns: readonly string[], values: readonly unknown[]): readonly Statement[];
  /** Removes at most `limit` records that have expired, in a way that two who do so at once do not wait for each other. */
  purge(table: string, limit: number, execute: (statement: Statement) => Promise<StatementResult>): Promise<number>;
  meaningOf(error: Error & { readonly code?: unknown }): ErrorMeaning | undefined;
  /** Breaks a connection that did not answer in time, so that nobody is given it again. */
  abandon(connection: unknown): void;
}
