import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';
import { mongoUrl, startReplicaSet } from '../fixtures/databases/index.js';
import { messageOf, startProgram } from '../fixtures/stores/processes.js';
import { closing, living, storeAt } from '../fixtures/stores/stores.js';

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the URL of a broker store', () => {
  it.each([
    'mongodb://127.0.0.1:1/db',
    'MongoDB://127.0.0.1:1/db',
    'mongodb://user:p%40ss%2Fword@one.example.org:27017,two.example.org,[::1]:27019/my-app?replicaSet=rs&tls=true',
    'mongodb+srv://user:password@cluster.example.org/my_app?retryWrites=true&w=1&appName=mine',
  ])('%s is one in MongoDB, not connected yet', async (url) => {
    expect(await openBrokerStore(url)).toBeInstanceOf(MongooseBrokerStore);
  });

  it('may name all members of a replica set, and only its primary is used', async () => {
    const set = await startReplicaSet(3);
    try {
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

  it.each(['mongodb://host', 'mongodb://host/', 'mongodb://u:hunter2@a,b:1/?w=1', 'mongodb+srv://u:hunter2@host?w=1'])(
    '%s names no database',
    async (url) => {
      const error = await errorOf(openBrokerStore(url));
      expect(error).toMatchObject({
        code: 'store_misconfigured',
        message: 'The URL of the broker store names no database: mongodb://host/database.',
      });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
    },
  );

  it.each([
    ['mongodb://host/db?unheardOf=1', 'option unheardof is not supported'],
    ['mongodb://host/db?readPreference=best', 'Invalid read preference mode "best"'],
    ['mongodb+srv://me:hunter2@host.example.org:27017/db', 'cannot have port number'],
    ['mongodb+srv://me:hunter2@a.example.org,b.example.org/db', 'cannot have multiple service names'],
    ['mongodb://u:hunter2/x@host/db', 'percent-encoded'],
    ['mongodb://u:1@hunter2@host/db', 'cannot be read'],
    ['mongodb://u:100%hunter2@host/db', 'cannot be read'],
    ['mongodb://hunter2@:1/db', 'cannot be read'],
    ['mongodb://me:hunter2/db', 'special characters are percent-encoded'],
    ['mongodb://me:hunter2,host/db', 'special characters are percent-encoded'],
    ['mongodb://me:hunter2@host/d.b', "cannot contain the character '.'"],
    ['mongodb://u@host/db?authMechanism=MONGODB-AWS&authMechanismProperties=hunter2', 'cannot be read'],
  ])('%s is refused with the reason, and nothing that is secret', async (url, reason) => {
    const error = await errorOf(openBrokerStore(url));
    expect(error).toMatchObject({ code: 'store_misconfigured', message: expect.stringContaining(reason) });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

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

  it('without the package mongoose says how to install it', async () => {
    for (const url of ['mongodb://u:hunter2@host/db', 'mongodb+srv://host/db']) {
      expect(await messageOf(startProgram('without-package.ts', 'mongoose', url))).toEqual({
        code: 'store_misconfigured',
        message: expect.stringMatching(/^A broker store at mongodb(\+srv)?:\/\/ needs .*: npm install mongoose$/),
      });
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
