import { storeMisconfigured } from '../store-misconfigured.js';
import type { Dialect } from './dialect.js';
import { mysql } from './mysql.js';
import { postgres } from './postgres.js';
import { sqlite } from './sqlite.js';

/** TypeORM's names of the databases that are known here. `better-sqlite3` is SQLite, by whichever driver. */
export type TypeOrmBrokerStoreDatabase = 'better-sqlite3' | 'postgres' | 'mysql' | 'mariadb';

const DIALECTS: Readonly<Record<TypeOrmBrokerStoreDatabase, Dialect>> = {
  'better-sqlite3': sqlite,
  postgres,
  mysql: mysql('MySQL'),
  mariadb: mysql('MariaDB'),
};

/** @throws {@link OidcAuthError} `store_misconfigured` for a database that is not known here */
export function dialectOf(type: string): Dialect {
  if (Object.hasOwn(DIALECTS, type)) return DIALECTS[type as TypeOrmBrokerStoreDatabase];
  throw storeMisconfigured(
    `TypeOrmBrokerStore knows DataSources of type ${Object.keys(DIALECTS).join(', ')}, not ${type}.`,
  );
}
