import { recordsName } from '../records-name.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import type { Dialect, TableNames } from './dialect.js';

/** Where the store keeps its table. */
export interface TableOptions {
  /**
   * What the names of the table and its indexes begin with: up to 40 letters, digits and underscores. Default
   * `'oidc_auth_'`.
   */
  readonly tablePrefix?: string | undefined;
  /**
   * An existing schema (MySQL and MariaDB: database) that holds the table. Default: the DataSource's `schema`, else what
   * the connection has as its default. SQLite has none.
   */
  readonly schema?: string | undefined;
}

/** @throws {@link OidcAuthError} `store_misconfigured` for a prefix or schema that cannot be used */
export function tableNames(dialect: Dialect, { tablePrefix, schema }: TableOptions): TableNames {
  const name = recordsName(tablePrefix, 'tablePrefix');
  if (schema !== undefined && (typeof schema !== 'string' || schema === '' || schema.includes('\0'))) {
    throw storeMisconfigured('schema must be the name of a schema.');
  }
  if (schema !== undefined && !dialect.hasSchemas) throw storeMisconfigured(`${dialect.displayName} has no schemas.`);
  return {
    table: schema === undefined ? dialect.quoted(name) : `${dialect.quoted(schema)}.${dialect.quoted(name)}`,
    index: (column) => dialect.quoted(`${name}_${column}`),
  };
}
