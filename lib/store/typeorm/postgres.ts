import type { Dialect } from './dialect.js';
import { performOnServer } from './server-statement.js';
import { upsertOverExpired } from './upsert.js';

/** Of advisory locks: any number will do that nobody else is likely to use. */
const SETUP_LOCK = 0x6f696463;

const MEANINGS: Readonly<Record<string, ReturnType<Dialect['meaningOf']>>> = {
  '42P01': 'missing', // undefined_table
  '42703': 'missing', // undefined_column
  '3F000': 'missing', // invalid_schema_name
  '42501': 'forbidden', // insufficient_privilege
  '40001': 'undone', // serialization_failure
  '40P01': 'undone', // deadlock_detected
};

// Not now(), which stands still while a statement waits for a lock.
const clock = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

export const postgres: Dialect = {
  displayName: 'PostgreSQL',
  hasSchemas: true,
  clock,
  isEmbedded: false,

  quoted: (name) => `"${name.replaceAll('"', '""')}"`,

  perform(runner, { sql, parameters }) {
    let position = 0;
    return performOnServer(runner, { sql: sql.replaceAll('?', () => `$${++position}`), parameters });
  },

  // Collation "C" is the order by code unit, whatever the database was created with.
  setupStatements: ({ table, index }, version) => [
    `create table if not exists ${table} (
  kind varchar(16) collate "C" not null,
  id varchar(64) collate "C" not null,
  version bigint not null,
  payload text not null,
  expires_at bigint not null,
  subject varchar(64) collate "C",
  sid varchar(64) collate "C",
  primary key (kind, id)
)`,
    ...['subject', 'sid', 'expires_at'].map(
      (column) => `create index if not exists ${index(column)} on ${table} (${column})`,
    ),
    `insert into ${table} (kind, id, version, payload, expires_at)
  values ('schema', 'version', ${version}, '', ${Number.MAX_SAFE_INTEGER}) on conflict do nothing`,
  ],

  // "if not exists" fails where two create at once. One string is one transaction: it is all there, or nothing.
  toSend: (statements) => [[`select pg_advisory_xact_lock(${SETUP_LOCK})`, ...statements].join(';\n')],

  insert: (table, columns, values) => [upsertOverExpired(table, columns, values, clock)],

  async purge(table, limit, execute) {
    // The array is made once; a join could evaluate the subquery again and remove more than the limit.
    const { affected } = await execute({
      sql: `delete from ${table} where ctid = any(array(
        select ctid from ${table} where expires_at <= (select ${clock}) order by expires_at limit ? for update skip locked))`,
      parameters: [limit],
    });
    return affected;
  },

  meaningOf: ({ code }) => MEANINGS[String(code)],

  abandon(connection) {
    void (connection as { end(): Promise<void> }).end().catch(() => undefined);
  },
};
