import { Injectable, Module } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { Test } from '@nestjs/testing';
import { join } from 'node:path';
import libsql from 'libsql';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';
import { administer, postgresUrl } from '../fixtures/databases/index.js';
import {
  applicationDataSource,
  closing,
  freshFolder,
  living,
  postgresOptions,
  sqliteOptions,
} from '../fixtures/stores/stores.js';

const databases = {
  PostgreSQL: async () => applicationDataSource(postgresOptions(await postgresUrl())),
  SQLite: async () => applicationDataSource(sqliteOptions(join(await freshFolder(), 'app.sqlite'))),
};

describe.each(Object.entries(databases))('an application’s own DataSource on %s', (_, open) => {
  it('is used without anything being registered with it, and stays open when the store is closed', async () => {
    const dataSource = await open();
    const store = new TypeOrmBrokerStore(dataSource);
    await store.setup();
    const record = await living(store);
    expect(await store.insert('grant', 'id', record)).toBe(true);
    expect(dataSource.entityMetadatas).toEqual([]);

    await store.close();
    expect(await dataSource.query('select count(*) as records from oidc_auth_records')).toHaveLength(1);
    const again = closing(new TypeOrmBrokerStore(dataSource));
    await again.setup();
    expect(await again.find('grant', 'id')).toEqual(record);
  });

  it('may be in a transaction, in which the store does not take part', async () => {
    const dataSource = await open();
    const store = closing(new TypeOrmBrokerStore(dataSource));
    await store.setup();
    const record = await living(store);
    const transaction = dataSource.createQueryRunner();
    await transaction.startTransaction();
    await store.insert('grant', 'id', record);
    await transaction.rollbackTransaction();
    await transaction.release();
    expect(await store.find('grant', 'id')).toEqual(record);
  });
});

describe('an application’s DataSource', () => {
  it('that is not initialized yet is no problem before the store is set up, and then a clear error', async () => {
    const dataSource = new DataSource(postgresOptions(await postgresUrl()));
    const store = new TypeOrmBrokerStore(dataSource);
    await expect(store.setup()).rejects.toThrow(/not initialized: await dataSource\.initialize\(\) first/);

    await dataSource.initialize();
    await store.setup();
    await store.close();
    await dataSource.destroy();
  });

  it('with replicas is asked at its primary only', async () => {
    const [primary, replica] = [await postgresUrl(), await postgresUrl()];
    const dataSource = await applicationDataSource({
      type: 'postgres',
      installExtensions: false,
      replication: { master: { url: primary }, slaves: [{ url: replica }], defaultMode: 'slave' },
    });
    const store = closing(new TypeOrmBrokerStore(dataSource));
    await store.setup();
    expect(await store.insert('grant', 'id', await living(store))).toBe(true);
    expect(await store.find('grant', 'id')).not.toBeNull();
    expect(await administer(primary, `select id from oidc_auth_records where kind = 'grant'`)).toEqual([
      [{ id: 'id' }],
    ]);
    await expect(administer(replica, 'select 1 from oidc_auth_records')).rejects.toThrow(/does not exist/);
  });

  it('that is dedicated to the store is initialized and destroyed by it', async () => {
    const dataSource = new DataSource(postgresOptions(await postgresUrl()));
    const store = new TypeOrmBrokerStore(dataSource, { dedicated: true });
    await store.setup();
    expect(dataSource.isInitialized).toBe(true);
    await store.close();
    expect(dataSource.isInitialized).toBe(false);
  });

  it('in the memory of SQLite cannot be shared', () => {
    const inMemory = new DataSource(sqliteOptions(':memory:'));
    expect(() => new TypeOrmBrokerStore(inMemory)).toThrow(
      expect.objectContaining({ code: 'store_misconfigured', message: expect.stringContaining('MemoryBrokerStore') }),
    );
  });

  it('of a database that is not known is refused', () => {
    const foreign = { options: { type: 'mongodb' } } as unknown as DataSource;
    expect(() => new TypeOrmBrokerStore(foreign)).toThrow(
      expect.objectContaining({
        code: 'store_misconfigured',
        message: expect.stringContaining('better-sqlite3, postgres'),
      }),
    );
  });

  it('on SQLite keeps its journal mode: only files of our own are changed to write-ahead logging', async () => {
    const dataSource = await applicationDataSource(sqliteOptions(join(await freshFolder(), 'app.sqlite')));
    await closing(new TypeOrmBrokerStore(dataSource)).setup();
    expect(await dataSource.query('pragma journal_mode')).toEqual([{ journal_mode: 'delete' }]);
  });

  it('comes from @nestjs/typeorm like any other provider', async () => {
    @Injectable()
    class Sessions {
      constructor(@InjectDataSource() readonly dataSource: DataSource) {}
    }
    const database = join(await freshFolder(), 'app.sqlite');
    @Module({
      imports: [TypeOrmModule.forRoot({ type: 'better-sqlite3', driver: libsql, database })],
      providers: [Sessions],
    })
    class AppModule {}

    const application = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const store = new TypeOrmBrokerStore(application.get(Sessions).dataSource);
    await store.setup();
    await store.insert('grant', 'id', await living(store));
    await application.close();
    expect(await store.remove('grant', 'id')).toBe(true);
    await store.close();
  });
});
