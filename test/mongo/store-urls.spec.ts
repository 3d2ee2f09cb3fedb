import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { mongoStandaloneUrl, mongoUrl, startReplicaSet } from '../fixtures/databases/index.js';
import { closing, living, storeAt } from '../fixtures/stores/stores.js';

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the URL of a broker store', () => {
  it('may name all members of a replica set, and only its primary is used', async () => {
    const set = await startReplicaSet(3);
    try {
      await set.steady();
      const store = await storeAt(set.url.replace('/?', '/mine?readPreference=secondary&w=1&'));
      await store.setup();
      const record = await living(store);
      for (let version = 1; version < 20; version++) {
        const next = { ...record, version: version + 1 };
        expect(
          await (version === 1 ? store.insert('grant', 'id', next) : store.replace('grant', 'id', version, next)),
        ).toBe(true);
        expect(await store.find('grant', 'id')).toEqual(next);
      }
      await store.close();
    } finally {
      await set.remove();
    }
  }, 60_000);

  it('whose database has a name that the server does not take is refused at set-up', async () => {
    const store = await storeAt((await mongoUrl()).replace(/\/test_\w+/, '/a%20b'));
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/a name that MongoDB does not take \(.*a b/),
    });
  });

  it('stays out of the errors of a database that cannot be reached, or whose name cannot be resolved', async () => {
    for (const [url, code] of [
      ['mongodb://user:hunter2@127.0.0.1:1/db', 'ECONNREFUSED'],
      ['mongodb+srv://user:hunter2@absent.invalid/db', expect.any(String)],
    ] as const) {
      const store = closing(await openBrokerStore(url));
      const error = await errorOf(store.setup());
      expect(error).toMatchObject({ code });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
    }
  }, 30_000);

  it.each([
    [
      'names another replica set',
      (url: string) => url.replace(/replicaSet=\w+/, 'replicaSet=other'),
      /ReplicaSetNoPrimary other, no server belongs to it/,
    ],
    [
      'names a replica set, and the server is on its own',
      (url: string) => `${url}?replicaSet=rs`,
      /ReplicaSetNoPrimary rs, no server/,
    ],
  ])('that %s is told by what is seen of the servers', async (name, change, words) => {
    const url = name.includes('on its own') ? await mongoStandaloneUrl() : await mongoUrl();
    await expect((await storeAt(change(url))).setup()).rejects.toThrow(words);
  });

  it('that leads to a secondary by directConnection says what to leave out', async () => {
    const set = await startReplicaSet(3);
    try {
      await set.steady();
      const { url } = await set.secondary();
      const store = await storeAt(`${url}mine?directConnection=true`);
      await expect(store.setup()).rejects.toThrow(/not primary.*directConnection=true/);
      await store.close();
    } finally {
      await set.remove();
    }
  }, 60_000);

  it('is opened once for any number of set-ups, and closed with the store', async () => {
    const store = await openBrokerStore(await mongoUrl());
    await Promise.all([store.setup(), store.setup()]);
    await store.setup();
    await store.ping();
    await Promise.all([store.close(), store.close()]);
    await expect(store.ping()).rejects.toThrow(/closed|connected/i);
  });

  it('can be closed before it was set up, and while it is', async () => {
    await (await openBrokerStore('mongodb://127.0.0.1:1/db')).close();
    const store = await openBrokerStore(await mongoUrl());
    await Promise.allSettled([store.setup(), store.close()]);
    await expect(store.ping()).rejects.toThrow(/closed|connected/i);
  });
});
