import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import libsql from 'libsql';
import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';
import { messageOf, startProgram } from '../fixtures/stores/processes.js';
import { closing, freshFolder, living, sqliteOptions, storeAt } from '../fixtures/stores/stores.js';

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

/** Another program that has the file open. */
function otherConnection(file: string) {
  const connection = new libsql(file);
  onTestFinished(() => void connection.close());
  return connection;
}

describe('an SQLite file', () => {
  it('and the folders made for it are their user’s alone', async () => {
    const folder = await freshFolder();
    const store = await storeAt(`sqlite://${folder}/a/b/store.sqlite`);
    await store.setup();
    await store.insert('key', 'id', await living(store));
    expect(await modeOf(join(folder, 'a'))).toBe('700');
    expect(await modeOf(join(folder, 'a/b'))).toBe('700');
    for (const suffix of ['', '-wal', '-shm']) {
      expect(await modeOf(join(folder, `a/b/store.sqlite${suffix}`))).toBe('600');
    }
  });

  it('that another program locks for a while makes writers wait, and nobody else', async () => {
    const file = join(await freshFolder(), 'store.sqlite');
    const store = await storeAt(`sqlite://${file}`);
    await store.setup();
    const other = otherConnection(file);
    other.exec('begin immediate');
    const record = await living(store);
    const inserting = store.insert('grant', 'id', record);
    for (let turn = 0; turn < 20; turn++) expect(await store.find('grant', 'id')).toBeNull();
    other.exec('commit');
    expect(await inserting).toBe(true);
  });

  it('that others lock while it is opened, as they make their tables in it, makes the set-up wait', async () => {
    const database = join(await freshFolder(), 'app.sqlite');
    const other = otherConnection(database);
    other.exec('create table of_the_application (id)');
    other.exec('begin exclusive');
    const refused: unknown[] = [];
    class WatchedConnection extends libsql {
      override exec(sql: string) {
        try {
          return super.exec(sql);
        } catch (error) {
          if (refused.push(error) === 1) other.exec('commit');
          throw error;
        }
      }
    }
    const dataSource = new DataSource({ type: 'better-sqlite3', driver: WatchedConnection, database });
    await closing(new TypeOrmBrokerStore(dataSource, { dedicated: true })).setup();
    expect(refused).toMatchObject([{ code: 'SQLITE_BUSY' }]);
  });

  it('that stays locked makes them reject, with nothing of what they write afterwards left uncommitted', async () => {
    const file = join(await freshFolder(), 'store.sqlite');
    const store = await storeAt(`sqlite://${file}`);
    await store.setup();
    const record = await living(store);
    await store.insert('grant', 'old', record);
    const other = otherConnection(file);
    other.exec('begin immediate');
    await expect(store.insert('grant', 'id', record)).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    other.exec('commit');

    expect(await store.remove('grant', 'old')).toBe(true);
    expect(await store.insert('grant', 'new', record)).toBe(true);
    expect(other.prepare('select id from oidc_auth_records where kind = ?').all('grant')).toEqual([{ id: 'new' }]);
    other.exec('begin immediate; commit');
  });

  it('keeps what was acknowledged before its process was killed', async () => {
    const url = `sqlite://${await freshFolder()}/store.sqlite`;
    let acknowledged = 0;
    for (let round = 0; round < 3; round++) {
      const child = startProgram('writing.ts', url, String(acknowledged));
      const exited = once(child, 'exit');
      const until = acknowledged + 50 + 37 * round;
      while (acknowledged < until) acknowledged = (await messageOf(child)) as number;
      child.on('message', (count) => (acknowledged = count as number));
      child.kill('SIGKILL');
      await exited;
    }
    const store = await storeAt(url);
    await store.setup();
    for (let index = 1; index <= acknowledged; index++) {
      expect(await store.find('marker', `id-${index}`)).toMatchObject({ payload: `of ${index}` });
    }
  }, 60_000);

  it('on a full disk makes writers reject, keeps what it has, and takes more when there is room', async () => {
    const database = join(await freshFolder(), 'store.sqlite');
    const dataSource = new DataSource(sqliteOptions(database));
    const store = closing(new TypeOrmBrokerStore(dataSource, { dedicated: true }));
    await store.setup();
    const record = await living(store, { payload: 'x'.repeat(20_000) });
    await store.insert('grant', 'first', record);
    await dataSource.query('pragma max_page_count = 30');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => store.insert('grant', `id-${index}`, record)),
    );
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_FULL' } });
    expect(await store.find('grant', 'first')).toEqual(record);
    expect(await store.remove('grant', 'first')).toBe(true);
    await dataSource.query('pragma max_page_count = 10000');
    expect(await store.insert('grant', 'last', record)).toBe(true);
  });

  it('that may only be read makes every method reject at once', async () => {
    const folder = await freshFolder();
    const file = join(folder, 'store.sqlite');
    const store = await storeAt(`sqlite://${file}`);
    await store.setup();
    await store.insert('grant', 'id', await living(store));
    await store.close();
    await chmod(file, 0o444);
    await chmod(folder, 0o555);
    const child = startProgram('reading-only.ts', file);
    expect(await messageOf(child)).toEqual({
      setup: expect.stringMatching(/readonly database|unable to open/),
      find: expect.stringMatching(/readonly database|unable to open/),
      insert: expect.stringMatching(/readonly database|unable to open/),
      openByUrl: expect.stringMatching(/cannot be opened: EACCES/),
    });
    await once(child, 'exit');
    await chmod(folder, 0o755);
  }, 60_000);

  it('that is no database is an error and stays as it is', async () => {
    const file = join(await freshFolder(), 'store.sqlite');
    await writeFile(file, 'a letter, not a database'.repeat(100));
    await expect((await storeAt(`sqlite://${file}`)).setup()).rejects.toThrow(/not a database/);
    expect(await readFile(file, 'utf8')).toMatch(/^a letter/);
  });
});
