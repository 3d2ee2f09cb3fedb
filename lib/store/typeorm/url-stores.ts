import { DataSource, type DataSourceOptions } from 'typeorm';
import type { BrokerStore } from '../broker-store.js';
import { createPrivateFile, pathOf, sqliteDriver } from './sqlite-file.js';
import type { SqliteConnection } from './sqlite-transaction.js';
import { TypeOrmBrokerStore } from './typeorm-broker-store.js';

/** ms for a connection to be made. */
const CONNECTION_LIMIT = 5_000;

export function postgresStore({ href }: URL): BrokerStore {
  return dedicated({
    type: 'postgres',
    installExtensions: false,
    // A connection that breaks while nobody uses it is replaced: no news for anybody.
    poolErrorHandler: () => undefined,
    // Read by the driver itself, which knows all of its parameters.
    extra: { connectionString: href, connectionTimeoutMillis: CONNECTION_LIMIT, keepAlive: true },
  });
}

export function mysqlStore({ href, protocol }: URL): BrokerStore {
  return dedicated({
    type: protocol === 'mariadb:' ? 'mariadb' : 'mysql',
    connectTimeout: CONNECTION_LIMIT,
    extra: { uri: href },
  });
}

/** @param text the same URL as it was written */
export async function sqliteStore(url: URL, text: string): Promise<BrokerStore> {
  const driver = await sqliteDriver();
  const database = pathOf(url, text);
  await createPrivateFile(database);
  return dedicated({ type: 'better-sqlite3', database, driver, prepareDatabase: writeAhead });
}

/** Readers and a writer do not wait for each other then. Not left to TypeORM, see sqlite-transaction.ts. */
function writeAhead(connection: SqliteConnection): void {
  try {
    connection.exec('pragma busy_timeout = 20');
    connection.exec('pragma journal_mode = wal');
  } catch (error) {
    connection.close();
    throw error;
  }
}

function dedicated(options: DataSourceOptions): BrokerStore {
  return new TypeOrmBrokerStore(new DataSource(options), { dedicated: true });
}
