import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import libsql from 'libsql';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { onTestFinished } from 'vitest';
import type { BrokerRecord, BrokerStore } from '../../lib/index.js';
import { openBrokerStore } from '../../lib/store/store-from-url.js';

/** A store that is closed after the test. */
export async function storeAt(url: string): Promise<BrokerStore> {
  return closing(await openBrokerStore(url));
}

export function closing<T extends BrokerStore>(store: T): T {
  onTestFinished(() => store.close());
  return store;
}

/** A DataSource as an application has it, initialized, and destroyed after the test. */
export async function applicationDataSource(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  onTestFinished(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
  });
  return dataSource;
}

export function postgresOptions(url: string): DataSourceOptions {
  return { type: 'postgres', installExtensions: false, extra: { connectionString: url } };
}

export function sqliteOptions(database: string): DataSourceOptions {
  return { type: 'better-sqlite3', driver: libsql, database };
}

/** An empty folder that is removed after the test. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stores-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function living(store: BrokerStore, fields: Partial<BrokerRecord> = {}): Promise<BrokerRecord> {
  return { version: 1, payload: 'sealed', expiresAt: (await store.now()) + 3_600_000, ...fields };
}
