import type { Statement } from './statement.js';

/** One statement, in which the database itself decides whether what is there has expired. */
export function upsertOverExpired(
  table: string,
  columns: readonly string[],
  values: readonly unknown[],
  clock: string,
): Statement {
  return {
    sql: `insert into ${table} as existing (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
      on conflict (kind, id) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
      where existing.expires_at <= ${clock}`,
    parameters: values,
  };
}
