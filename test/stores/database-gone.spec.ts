import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BrokerStore } from '../../lib/index.js';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';
import { administer, postgresUrl, startPostgres, startProxy } from '../fixtures/databases/index.js';
import { everyMethod, expectAllToReject } from '../fixtures/stores/every-method.js';
import { applicationDataSource, closing, living, postgresOptions, storeAt } from '../fixtures/stores/stores.js';

async function proxied() {
  const proxy = await startProxy(await postgresUrl());
  onTestFinished(() => proxy.close());
  return { proxy };
}

const stores: Readonly<Record<string, (url: string) => Promise<BrokerStore>>> = {
  'a store by URL': storeAt,
  'a store on the application’s DataSource': async (url) =>
    closing(new TypeOrmBrokerStore(await applicationDataSource(postgresOptions(url)))),
};

/** At the same time for each kind of store, as waiting takes its time. */
function eachStore(test: (open: (url: string) => Promise<BrokerStore>) => Promise<void>): Promise<void[]> {
  return Promise.all(Object.values(stores).map(test));
}

describe(`${Object.keys(stores).join(', and ')},`, () => {
  it('reject at once while connections are refused, and work again afterwards', async () => {
    await eachStore(async (open) => {
      const { proxy } = await proxied();
      const store = await open(proxy.url);
      await store.setup();
      await store.insert('grant', 'id', await living(store));
      proxy.cut();
      await expectAllToReject(everyMethod(store), 2_000);
      proxy.restore();
      expect(await store.find('grant', 'id')).toMatchObject({ version: 1 });
      await Promise.all(everyMethod(store));
    });
  });

  it('reject after some seconds where the database hangs, and work again on new connections', async () => {
    await eachStore(async (open) => {
      const { proxy } = await proxied();
      const store = await open(proxy.url);
      await store.setup();
      // More than the pool has connections, so some wait for one.
      await Promise.all([...everyMethod(store), ...everyMethod(store)]);
      await store.insert('key', 'id', await living(store));
      proxy.hang();
      await expectAllToReject([...everyMethod(store), ...everyMethod(store)]);
      proxy.resume();
      expect(await store.find('key', 'id')).not.toBeNull();
    });
  }, 30_000);

  it('are not kept from working by statements that wait for a lock somebody holds', async () => {
    await eachStore(async (open) => {
      const url = await postgresUrl();
      const store = await open(url);
      await store.setup();
      const record = await living(store);
      await store.insert('grant', 'locked', record);
      const other = (await applicationDataSource(postgresOptions(url))).createQueryRunner();
      await other.startTransaction();
      await other.query(`select 1 from oidc_auth_records where id = 'locked' for update`);
      const next = { ...record, version: 2 };
      await expectAllToReject(Array.from({ length: 15 }, () => store.replace('grant', 'locked', 1, next)));
      expect(await store.insert('grant', 'free', record)).toBe(true);
      await other.rollbackTransaction();
      await other.release();
    });
  }, 30_000);
});

describe('a statement that was given up', () => {
  it('while it waited for a connection is not run when one is free at last', async () => {
    const { proxy } = await proxied();
    const dataSource = await applicationDataSource({
      type: 'postgres',
      installExtensions: false,
      extra: { connectionString: proxy.url, max: 1 },
    });
    const store = closing(new TypeOrmBrokerStore(dataSource));
    await store.setup();
    const record = await living(store);
    proxy.hang();
    await expectAllToReject([store.ping(), store.insert('grant', 'late', record)]);
    proxy.resume();
    expect(await store.find('grant', 'late')).toBeNull();
  }, 30_000);
});

describe('the purge', () => {
  it('leaves what another is working on to him', async () => {
    const url = await postgresUrl();
    const store = await storeAt(url);
    await store.setup();
    for (const id of ['a', 'b', 'c']) await store.insert('marker', id, await living(store, { expiresAt: 1 }));
    const other = (await applicationDataSource(postgresOptions(url))).createQueryRunner();
    await other.startTransaction();
    await other.query(`delete from oidc_auth_records where id = 'b'`);
    expect(await store.purgeExpired(10)).toBe(2);
    await other.rollbackTransaction();
    await other.release();
    expect(await store.purgeExpired(10)).toBe(1);
  });
});

describe('a store whose server', () => {
  it('is stopped, crashes, or is not there yet at set-up, needs no restart of the application', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const store = await storeAt(server.url);
    await server.stop();
    await expect(store.setup()).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    await server.start();
    await store.setup();
    const record = await living(store);
    await store.insert('grant', 'id', record);
    for (const end of ['stop', 'kill'] as const) {
      await server[end]();
      await expectAllToReject(everyMethod(store));
      await server.start();
      expect(await store.find('grant', 'id')).toEqual(record);
    }
  }, 60_000);
});

describe('an error of the database', () => {
  it('has no statement, no parameter and no password in it', async () => {
    const url = await postgresUrl();
    const store = await storeAt(url);
    await store.setup();
    const record = await living(store, { payload: 'sealed-payload' });
    const tooLong = await store.insert('grant', 'x'.repeat(65), record).catch((error: unknown) => error);
    expect(inspect(tooLong, { depth: 10, showHidden: true })).toMatch(/value too long/);
    expect(inspect(tooLong, { depth: 10, showHidden: true })).not.toMatch(/sealed-payload|xxxx|insert into|in-the-url/);

    await administer(url, 'drop table oidc_auth_records');
    const gone = await store.find('grant', 'secret-id').catch((error: unknown) => error);
    expect(gone).toMatchObject({ message: 'relation "oidc_auth_records" does not exist', code: '42P01' });
    expect(inspect(gone, { depth: 10, showHidden: true })).not.toMatch(/secret-id|select|in-the-url/);
  });
});
