import type { Dialect } from './dialect.js';
import { performOnServer } from './server-statement.js';
import type { Statement } from './statement.js';

const MEANINGS: Readonly<Record<string, ReturnType<Dialect['meaningOf']>>> = {
  ER_DUP_ENTRY: 'duplicate',
  ER_NO_SUCH_TABLE: 'missing',
  ER_BAD_FIELD_ERROR: 'missing',
  ER_BAD_DB_ERROR: 'missing',
  ER_TABLEACCESS_DENIED_ERROR: 'forbidden',
  ER_DBACCESS_DENIED_ERROR: 'forbidden',
  ER_LOCK_DEADLOCK: 'undone',
  ER_CHECKREAD: 'undone', // MariaDB: the row was changed by another since the statement began
};

// Not unix_timestamp(), which depends on the session's time zone and stumbles when clocks are put back.
const clock = `(timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000)`;

/** MySQL and MariaDB, which differ in nothing that matters here. */
export function mysql(displayName: string): Dialect {
  return {
    displayName,
    hasSchemas: true,
    clock,
    isEmbedded: false,

    quoted: (name) => `\`${name.replaceAll('`', '``')}\``,

    perform: performOnServer,

    // The usual collations of these databases take "a" and "A" for equal; ascii_bin compares code units.
    setupStatements: ({ table, index }, version) => [
      `create table if not exists ${table} (
  kind varchar(16) not null,
  id varchar(64) not null,
  version bigint not null,
  payload mediumtext not null,
  expires_at bigint not null,
  subject varchar(64),
  sid varchar(64),
  primary key (kind, id),
  ${['subject', 'sid', 'expires_at'].map((column) => `index ${index(column)} (${column})`).join(',\n  ')}
) engine = InnoDB default character set ascii collate ascii_bin`,
      `insert into ${table} (kind, id, version, payload, expires_at)
  values ('schema', 'version', ${version}, '', ${Number.MAX_SAFE_INTEGER}) on duplicate key update version = version`,
    ],

    toSend: (statements) => statements,

    // How many rows "on duplicate key update" reports depends on the connection's flags. Each of these two is decisive by
    // itself: who affects a row has won. In this order, since a record that is purged in between is then inserted.
    insert: (table, columns, values) => [
      updateExpired(table, columns, values),
      {
        sql: `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
        parameters: values,
      },
    ],

    // A delete along the index of expiry would lock the gaps there against everybody who inserts. Rows are chosen without
    // locks and removed by their primary key.
    async purge(table, limit, execute) {
      const { rows } = await execute({
        sql: `select kind, id from ${table} where expires_at <= ${clock} order by expires_at limit ?`,
        parameters: [limit],
      });
      if (rows.length === 0) return 0;
      const chosen = [...new Set(rows.map(({ kind }) => kind))].map((kind) => ({
        kind,
        ids: rows.filter((row) => row['kind'] === kind).map(({ id }) => id),
      }));
      const keys = chosen.map(({ ids }) => `(kind = ? and id in (${ids.map(() => '?').join(', ')}))`);
      const { affected } = await execute({
        sql: `delete from ${table} where (${keys.join(' or ')}) and expires_at <= ${clock}`,
        parameters: chosen.flatMap(({ kind, ids }) => [kind, ...ids]),
      });
      return affected;
    },

    meaningOf: ({ code }) => MEANINGS[String(code)],

    abandon(connection) {
      (connection as { destroy(): void }).destroy();
    },
  };
}

function updateExpired(table: string, columns: readonly string[], values: readonly unknown[]): Statement {
  const fields = columns.map((column, index) => ({ column, value: values[index] }));
  const key = fields.filter(({ column }) => column === 'kind' || column === 'id');
  const rest = fields.filter((field) => !key.includes(field));
  return {
    sql: `update ${table} set ${rest.map(({ column }) => `${column} = ?`).join(', ')}
      where ${key.map(({ column }) => `${column} = ?`).join(' and ')} and expires_at <= ${clock}`,
    parameters: [...rest, ...key].map(({ value }) => value),
  };
}
