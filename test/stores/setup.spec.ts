import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';
import { administer, postgresUrl } from '../fixtures/databases/index.js';
import { setUpAtOnce } from '../fixtures/stores/processes.js';
import {
  applicationDataSource,
  closing,
  freshFolder,
  living,
  postgresOptions,
  sqliteOptions,
  storeAt,
} from '../fixtures/stores/stores.js';

const insertedVersion = `('schema', 'version', 2, '', 9007199254740991)`;

describe('set-up', () => {
  it.each([
    ['PostgreSQL', postgresUrl],
    ['SQLite', async () => `sqlite://${await freshFolder()}/made/for/it/store.sqlite`],
  ])(
    'by eight processes at the same moment makes one table on %s, and all can use it',
    async (_, place) => {
      const url = await place();
      const results = await setUpAtOnce(url, 8);
      expect(results.filter((result) => result === 'inserted')).toHaveLength(1);
      expect(results.filter((result) => result === 'found')).toHaveLength(7);
    },
    60_000,
  );

  it('refuses a table of a later version of this library', async () => {
    const url = await postgresUrl();
    await administer(url, TypeOrmBrokerStore.setupScript('postgres').replace(/\('schema'.*\)/, insertedVersion));
    const store = await storeAt(url);
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringContaining('of schema version 2, and this version of nestjs-oidc-auth knows 1'),
    });
  });

  it('goes on where a process died in the middle of it', async () => {
    const url = `sqlite://${await freshFolder()}/store.sqlite`;
    const [createTable] = TypeOrmBrokerStore.setupScript('better-sqlite3').split(';');
    const dataSource = await applicationDataSource(sqliteOptions(url.slice('sqlite://'.length)));
    await dataSource.query(createTable!);
    const store = await storeAt(url);
    await store.setup();
    expect(await store.insert('grant', 'id', await living(store))).toBe(true);
  });

  it('refuses a table of that name which is somebody else’s', async () => {
    const url = await postgresUrl();
    await administer(url, 'create table oidc_auth_records (kind text, id text, note text)');
    await expect((await storeAt(url)).setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(
        /"oidc_auth_records" is missing or incomplete \(column "version" does not exist\)/,
      ),
    });
  });
});

describe('prefix and schema', () => {
  it('keep stores apart that share a database', async () => {
    const url = await postgresUrl();
    await administer(url, 'create schema "Other ""one"""');
    const dataSource = await applicationDataSource(postgresOptions(url));
    const stores = [
      {},
      { tablePrefix: 'second_' },
      { schema: 'Other "one"' },
      { schema: 'Other "one"', tablePrefix: '' },
    ].map((options) => closing(new TypeOrmBrokerStore(dataSource, options)));
    for (const store of stores) {
      await store.setup();
      expect(await store.insert('key', 'same', await living(store))).toBe(true);
    }
    expect(
      await dataSource.query(
        `select table_schema || '.' || table_name as name from information_schema.tables where table_name like '%records' order by 1`,
      ),
    ).toEqual(
      ['Other "one".oidc_auth_records', 'Other "one".records', 'public.oidc_auth_records', 'public.second_records'].map(
        (name) => ({ name }),
      ),
    );
  });

  it('default to the schema of the DataSource', async () => {
    const url = await postgresUrl();
    await administer(url, 'create schema theirs');
    const dataSource = await applicationDataSource({ ...postgresOptions(url), schema: 'theirs' } as never);
    await closing(new TypeOrmBrokerStore(dataSource)).setup();
    expect(await dataSource.query('select 1 from theirs.oidc_auth_records')).toHaveLength(1);
  });

  it('are refused where they cannot be names, or a schema on SQLite', async () => {
    expect(() => TypeOrmBrokerStore.setupScript('postgres', { tablePrefix: 'a"; drop table b; --' })).toThrow(
      /tablePrefix/,
    );
    expect(() => TypeOrmBrokerStore.setupScript('mysql', { tablePrefix: 'x'.repeat(41) })).toThrow(/tablePrefix/);
    expect(() => TypeOrmBrokerStore.setupScript('postgres', { schema: '' })).toThrow(/schema/);
    expect(() => TypeOrmBrokerStore.setupScript('better-sqlite3', { schema: 'other' })).toThrow(
      'SQLite has no schemas',
    );
  });

  it('that do not exist are named', async () => {
    const dataSource = await applicationDataSource(postgresOptions(await postgresUrl()));
    await expect(closing(new TypeOrmBrokerStore(dataSource, { schema: 'absent' })).setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/"absent"\."oidc_auth_records".*schema "absent" does not exist/),
    });
  });
});

describe('where the application may not make tables', () => {
  /** A user with rights to use what is there, and none to make anything. */
  async function restrictedUser(url: string): Promise<string> {
    const name = `user_${new URL(url).pathname.slice(1)}`;
    await administer(
      url,
      `create role ${name} login password 'in-the-url'`,
      'revoke create on schema public from public',
      `alter default privileges grant select, insert, update, delete on tables to ${name}`,
    );
    const restricted = new URL(url);
    restricted.username = name;
    return restricted.href;
  }

  it('says so, with the way out, and works with the table once somebody has made it', async () => {
    const url = await postgresUrl();
    const restricted = await restrictedUser(url);
    const store = await storeAt(restricted);
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/user may not create it \(permission denied.*TypeOrmBrokerStore\.setupScript\(\)/),
    });

    await administer(url, TypeOrmBrokerStore.setupScript('postgres'));
    await store.setup();
    const record = await living(store);
    expect(await store.insert('grant', 'id', record)).toBe(true);
    expect(await store.find('grant', 'id')).toEqual(record);
    expect(await store.purgeExpired(10)).toBe(0);
    expect(await store.remove('grant', 'id')).toBe(true);
  });

  it('only looks, with createTables: false, and names what is missing', async () => {
    const url = await postgresUrl();
    const dataSource = await applicationDataSource(postgresOptions(url));
    const store = closing(new TypeOrmBrokerStore(dataSource, { createTables: false, tablePrefix: 'mine_' }));
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/The table "mine_records" is missing.*createTables is false/),
    });
    await administer(url, TypeOrmBrokerStore.setupScript('postgres', { tablePrefix: 'mine_' }));
    await store.setup();
    expect(await store.insert('grant', 'id', await living(store))).toBe(true);
  });

  it('has the statements for SQLite, too', async () => {
    const dataSource = await applicationDataSource(sqliteOptions(join(await freshFolder(), 'app.sqlite')));
    for (const statement of TypeOrmBrokerStore.setupScript('better-sqlite3').split(';\n').filter(Boolean)) {
      await dataSource.query(statement);
    }
    const store = closing(new TypeOrmBrokerStore(dataSource, { createTables: false }));
    await store.setup();
    expect(await store.insert('grant', 'id', await living(store))).toBe(true);
  });
});
