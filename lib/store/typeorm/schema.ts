import { expectSchemaVersion } from '../schema-version.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import type { Database } from './database.js';
import type { Dialect, TableNames } from './dialect.js';
import { COLUMNS } from './record-statements.js';

/** Counts the changes of the table that an older version of this library could not work with. */
const SCHEMA_VERSION = 1;

/** The statements that make the table, for people who run them themselves. */
export function setupText(dialect: Dialect, names: TableNames): string {
  return dialect
    .setupStatements(names, SCHEMA_VERSION)
    .map((statement) => `${statement};\n`)
    .join('');
}

/**
 * Makes the table, unless it is there.
 *
 * @throws {@link OidcAuthError} `store_misconfigured` where it is of another version, or is missing and may not be made
 */
export async function ensureSchema(database: Database, names: TableNames, mayCreate: boolean): Promise<void> {
  const problem = await schemaProblem(database, names);
  if (problem === undefined) return;
  if (!mayCreate) throw missing(names, problem, 'createTables is false');
  try {
    const { dialect } = database;
    for (const sql of dialect.toSend(dialect.setupStatements(names, SCHEMA_VERSION))) await database.executeSetup(sql);
  } catch (error) {
    const meaning = database.meaningOf(error);
    if (meaning === 'forbidden') throw missing(names, problem, `this user may not create it (${textOf(error)})`, error);
    if (meaning === 'missing') throw missing(names, problem, textOf(error), error);
    throw error;
  }
  const remaining = await schemaProblem(database, names);
  if (remaining !== undefined) throw missing(names, remaining, 'the table was not made by this library');
}

/** What is missing, in words. */
async function schemaProblem(database: Database, { table }: TableNames): Promise<string | undefined> {
  const version = await recordedVersion(database, table);
  if (typeof version !== 'number') return version;
  expectSchemaVersion(`The table ${table}`, version, SCHEMA_VERSION);
  return undefined;
}

async function recordedVersion(database: Database, table: string): Promise<number | string> {
  try {
    const { rows } = await database.execute({
      sql: `select ${COLUMNS.join(', ')} from ${table} where kind = ? and id = ?`,
      parameters: ['schema', 'version'],
    });
    return rows.length === 0 ? 'holds no schema version' : Number(rows[0]!['version']);
  } catch (error) {
    if (database.meaningOf(error) === 'missing') return `is missing or incomplete (${textOf(error)})`;
    throw error;
  }
}

function missing({ table }: TableNames, problem: string, reason: string, cause?: unknown) {
  return storeMisconfigured(
    `The table ${table} ${problem}, and ${reason}. Have the statements that TypeOrmBrokerStore.setupScript() returns run by a user who may create tables.`,
    cause,
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
