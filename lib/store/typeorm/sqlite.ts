import type { Dialect } from './dialect.js';
import { runInTransaction, type SqliteConnection } from './sqlite-transaction.js';
import { upsertOverExpired } from './upsert.js';

// The time in SQLite is whole ms; rounding takes away what the fraction of a day adds to it.
const clock = `cast(round((julianday('now') - 2440587.5) * 86400000) as integer)`;

export const sqlite: Dialect = {
  displayName: 'SQLite',
  hasSchemas: false,
  clock,
  isEmbedded: true,

  prepareConnection(connection) {
    const sqlite = connection as SqliteConnection;
    // Waiting for a lock blocks the whole process: only for a moment, the longer wait is between attempts.
    sqlite.exec('pragma busy_timeout = 20');
    // An acknowledged write survives a power failure.
    sqlite.exec('pragma synchronous = full');
  },

  quoted: (name) => `"${name.replaceAll('"', '""')}"`,

  perform: async (runner, statement) => runInTransaction((await runner.connect()) as SqliteConnection, statement),

  setupStatements: ({ table, index }, version) => [
    `create table if not exists ${table} (
  kind text not null,
  id text not null,
  version integer not null,
  payload text not null,
  expires_at integer not null,
  subject text,
  sid text,
  primary key (kind, id)
)`,
    ...['subject', 'sid', 'expires_at'].map(
      (column) => `create index if not exists ${index(column)} on ${table} (${column})`,
    ),
    `insert into ${table} (kind, id, version, payload, expires_at)
  values ('schema', 'version', ${version}, '', ${Number.MAX_SAFE_INTEGER}) on conflict do nothing`,
  ],

  toSend: (statements) => statements,

  insert: (table, columns, values) => [upsertOverExpired(table, columns, values, clock)],

  async purge(table, limit, execute) {
    const { affected } = await execute({
      sql: `delete from ${table} where rowid in (select rowid from ${table} where expires_at <= ${clock} limit ?)`,
      parameters: [limit],
    });
    return affected;
  },

  meaningOf({ code, message }) {
    if (typeof code !== 'string') return undefined;
    if (code.startsWith('SQLITE_BUSY')) return 'undone';
    if (code.startsWith('SQLITE_READONLY')) return 'forbidden';
    return code === 'SQLITE_ERROR' && /^no such (table|column)/.test(message) ? 'missing' : undefined;
  },

  abandon: () => undefined,
};
