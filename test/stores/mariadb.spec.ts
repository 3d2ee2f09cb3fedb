import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';
import { administer, mariadbUrl, startMariadb, startProxy } from '../fixtures/databases/index.js';
import { setUpAtOnce } from '../fixtures/stores/processes.js';
import { applicationDataSource, closing, living, storeAt } from '../fixtures/stores/stores.js';

const mariadbOptions = (url: string) => ({ type: 'mariadb', extra: { uri: url } }) as const;

describe('a store on MariaDB', () => {
  it('is set up by eight processes at the same moment', async () => {
    const results = await setUpAtOnce(await mariadbUrl(), 8);
    expect(results.filter((result) => result === 'inserted')).toHaveLength(1);
    expect(results.filter((result) => result === 'found')).toHaveLength(7);
  }, 90_000);

  it('may be on the application’s own DataSource, also as mysql, whatever flags and SQL mode it has', async () => {
    const url = await mariadbUrl();
    const dataSource = await applicationDataSource({
      type: 'mysql',
      extra: { uri: url, flags: ['-FOUND_ROWS'] },
      timezone: '+05:00',
    });
    const store = closing(new TypeOrmBrokerStore(dataSource));
    await store.setup();
    const record = await living(store);
    expect(Math.abs((await store.now()) - Date.now())).toBeLessThan(60_000);
    expect(await store.insert('grant', 'id', record)).toBe(true);
    expect(await store.insert('grant', 'id', record)).toBe(false);
    expect(await store.replace('grant', 'id', 1, { ...record, version: 2 })).toBe(true);
    expect(await store.replace('grant', 'id', 1, { ...record, version: 2 })).toBe(false);
    await store.close();
    expect(await dataSource.query('select count(*) as records from oidc_auth_records')).toEqual([{ records: '2' }]);
  });

  it('keeps ids apart that differ in case, in a database whose collation does not', async () => {
    const url = await mariadbUrl();
    await administer(url, 'alter database character set utf8mb4 collate utf8mb4_general_ci');
    const store = await storeAt(url);
    await store.setup();
    for (const id of ['a', 'A']) expect(await store.insert('grant', id, await living(store))).toBe(true);
  });

  it('takes prefix and database as options, and is made by somebody else where its user may not', async () => {
    const url = await mariadbUrl();
    const other = new URL(await mariadbUrl()).pathname.slice(1);
    const name = `user_${other.slice(-8)}`;
    await administer(
      url,
      `create user ${name}@'%' identified by 'in-the-url'`,
      `grant select, insert, update, delete on ${other}.* to ${name}@'%'`,
    );
    const restricted = new URL(url);
    restricted.username = name;
    restricted.pathname = `/${other}`;
    const options = { tablePrefix: 'mine_', schema: other };
    const store = closing(
      new TypeOrmBrokerStore(await applicationDataSource(mariadbOptions(restricted.href)), options),
    );
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(
        /mine_records` is missing.*may not create it.*TypeOrmBrokerStore\.setupScript\(\)/,
      ),
    });
    for (const statement of TypeOrmBrokerStore.setupScript('mariadb', options).split(';\n').filter(Boolean)) {
      await administer(url, statement);
    }
    await store.setup();
    expect(await store.insert('grant', 'id', await living(store))).toBe(true);
  });

  it('says nothing of the password when it is wrong, nor of what could not be written', async () => {
    const url = new URL(await mariadbUrl());
    const store = await storeAt(url.href);
    await store.setup();
    const record = await living(store, { payload: 'sealed-payload' });
    const tooLong = await store.insert('grant', 'x'.repeat(65), record).catch((error: unknown) => error);
    expect(inspect(tooLong, { depth: 10, showHidden: true })).toMatch(/Data too long for column 'id'/);
    expect(inspect(tooLong, { depth: 10, showHidden: true })).not.toMatch(/sealed-payload|insert into/);

    url.password = 'hunter2';
    const denied = await (await storeAt(url.href)).setup().catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
    expect(inspect(denied, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

  it('rejects within seconds while the database hangs or is gone, and works again without a restart', async () => {
    const server = await startMariadb();
    onTestFinished(() => server.remove());
    const proxy = await startProxy(server.url);
    onTestFinished(() => proxy.close());
    const store = await storeAt(proxy.url);
    await store.setup();
    const record = await living(store);
    await store.insert('grant', 'id', record);

    const started = performance.now();
    proxy.hang();
    const hanging = Array.from({ length: 20 }, () => store.find('grant', 'id'));
    expect((await Promise.allSettled(hanging)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(performance.now() - started).toBeLessThan(8_000);
    proxy.resume();
    expect(await store.find('grant', 'id')).toEqual(record);

    for (const end of ['stop', 'kill'] as const) {
      await server[end]();
      await expect(store.remove('grant', 'id')).rejects.toThrow();
      await server.start();
      expect(await store.find('grant', 'id')).toEqual(record);
    }
  }, 60_000);
});
