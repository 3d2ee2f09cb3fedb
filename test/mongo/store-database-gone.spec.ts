import { inspect } from 'node:util';
import { createConnection, STATES } from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BrokerStore } from '../../lib/index.js';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';
import { administerMongo, mongoStandaloneUrl, mongoUrl, startMongod, startProxy } from '../fixtures/databases/index.js';
import { everyMethod, expectAllToReject } from '../fixtures/stores/every-method.js';
import { closing, expired, living, storeAt } from '../fixtures/stores/stores.js';
import { applicationConnection, direct } from './connections.js';

const stores: Readonly<Record<string, (url: string) => Promise<BrokerStore>>> = {
  'a store by URL': storeAt,
  'a store on the application’s connection': async (url) =>
    closing(new MongooseBrokerStore(await applicationConnection(url))),
};

const servers = { 'a replica set': mongoUrl, 'a server of its own': mongoStandaloneUrl };

async function proxied(databaseUrl: string) {
  const proxy = await startProxy(direct(databaseUrl));
  onTestFinished(() => proxy.close());
  return proxy;
}

/** At the same time for each kind of store on each kind of server, as waiting takes its time. */
async function eachStore(test: (open: (url: string) => Promise<BrokerStore>, url: string) => Promise<void>) {
  await Promise.all(
    Object.values(stores).flatMap((open) =>
      Object.values(servers).map(async (freshUrl) => test(open, await freshUrl())),
    ),
  );
}

describe(`${Object.keys(stores).join(', and ')}, on ${Object.keys(servers).join(' and on ')},`, () => {
  it('reject after some seconds while connections are refused, and work again afterwards', async () => {
    await eachStore(async (open, url) => {
      const proxy = await proxied(url);
      const store = await open(proxy.url);
      await store.setup();
      await store.insert('grant', 'id', await living(store));
      proxy.cut();
      await expectAllToReject(everyMethod(store));
      proxy.restore();
      expect(await store.find('grant', 'id')).toMatchObject({ version: 1 });
      await Promise.all(everyMethod(store));
    });
  }, 60_000);

  it('reject after some seconds where the database hangs, send nothing later, and work again on new connections', async () => {
    await eachStore(async (open, url) => {
      const proxy = await proxied(`${direct(url)}&maxPoolSize=5`);
      const store = await open(proxy.url);
      await store.setup();
      // More than the pool has connections, so some wait for one.
      await Promise.all([...everyMethod(store), ...everyMethod(store)]);
      await store.insert('key', 'id', await living(store));
      proxy.hang();
      await expectAllToReject([
        ...everyMethod(store),
        ...everyMethod(store),
        store.insert('key', 'late', { version: 1, payload: '', expiresAt: Date.now() + 600_000 }),
      ]);
      proxy.resume();
      expect((await store.list('key', {}, { limit: 10 })).map(({ id }) => id)).toEqual(['id']);
    });
  }, 60_000);
});

describe('what somebody has locked, in a transaction of his own,', () => {
  /** Holds it until `release`. */
  async function lock(url: string, id: string) {
    const connection = await applicationConnection(url);
    const session = await connection.startSession();
    session.startTransaction();
    const records = connection.db!.collection<{ _id: string }>('oidc_auth_records');
    await records.updateOne({ _id: id }, { $set: { theirs: true } }, { session });
    return {
      release: async () => {
        await session.abortTransaction();
        await session.endSession();
      },
    };
  }

  it('is waited for, and keeps nobody else from working', async () => {
    const url = await mongoUrl();
    const store = await storeAt(`${url}&maxPoolSize=20`);
    await store.setup();
    const record = await living(store);
    await store.insert('grant', 'locked', record);
    const { release } = await lock(url, 'grant:locked');
    const replacing = Array.from({ length: 15 }, () => store.replace('grant', 'locked', 1, { ...record, version: 2 }));
    const rejected = expectAllToReject(replacing);
    expect(await store.insert('grant', 'free', record)).toBe(true);
    expect(await store.find('grant', 'locked')).toEqual(record);
    await rejected;
    await release();
    expect(await store.remove('grant', 'locked')).toBe(true);
  }, 30_000);

  it('is waited for by the purge, too, which removes it afterwards', async () => {
    const url = await mongoUrl();
    const store = await storeAt(url);
    await store.setup();
    // Lately, as the server itself removes what ended long ago.
    for (const id of ['a', 'b', 'c']) await store.insert('marker', id, await expired(store));
    const { release } = await lock(url, 'marker:b');
    await expectAllToReject([store.purgeExpired(10)]);
    expect(await keysAt(url)).toContain('marker:b');
    await release();
    await store.purgeExpired(10);
    expect(await keysAt(url)).not.toContain('marker:b');
  }, 30_000);
});

/** Of all records, expired ones, too. */
function keysAt(url: string): Promise<readonly unknown[]> {
  return administerMongo(url, (client) => client.db().collection('oidc_auth_records').distinct('_id'));
}

describe('a store whose server', () => {
  it('is not there yet at set-up, is stopped or crashes needs no restart of the application', async () => {
    await Promise.all((['stop', 'kill'] as const).map(expectToSurvive));
  }, 60_000);
});

describe('a store by URL', () => {
  it('is closed without an error and without much waiting where the database is not there', async () => {
    const url = await mongoUrl();
    const other = await storeAt(url);
    await other.setup();
    // Whether the driver would wait is up to chance, about one time of two.
    await Promise.all(Array.from({ length: 10 }, () => expectToCloseSoon(url, other)));
  }, 60_000);
});

/** The driver looks for a server when it learns of the loss while it takes its leave. */
async function expectToCloseSoon(url: string, other: BrokerStore): Promise<void> {
  const proxy = await startProxy(`${direct(url)}&serverMonitoringMode=poll&heartbeatFrequencyMS=500`);
  const store = await openBrokerStore(proxy.url);
  await store.setup();
  await proxy.close();
  // Meanwhile it sees that its connections are broken.
  await other.ping();
  const started = performance.now();
  await store.close();
  expect(performance.now() - started).toBeLessThan(3_000);
}

async function expectToSurvive(end: 'stop' | 'kill'): Promise<void> {
  const server = await startMongod();
  onTestFinished(() => server.remove());
  const store = await storeAt(`${server.url}mine`);
  await server.stop();
  await expect(store.setup()).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    message: expect.stringContaining('connect ECONNREFUSED 127.0.0.1'),
  });

  await server.start();
  await store.setup();
  const record = await living(store);
  await store.insert('grant', 'id', record);
  await server[end]();
  await expectAllToReject(everyMethod(store));
  await server.start();
  // What was acknowledged has survived, on a server without anybody to ask for it.
  expect(await store.find('grant', 'id')).toEqual(record);
}

describe('set-up on the application’s connection', () => {
  it('rejects after some seconds where the server is not there or gone, and not as if nobody had opened it', async () => {
    await Promise.all([expectToWaitForTheFirst(), expectToWaitForAnother()]);
  }, 60_000);
});

/** Mongoose waits for half a minute, and then for nothing any more. */
async function expectToWaitForTheFirst(): Promise<void> {
  const proxy = await proxied(await mongoUrl());
  proxy.cut();
  const connection = createConnection(proxy.url);
  connection.asPromise().catch(() => undefined);
  onTestFinished(() => connection.close(true));
  const child = connection.useDb('other');
  await expectAllToReject([connection, child].map((one) => new MongooseBrokerStore(one).setup()));

  proxy.restore();
  await connection.asPromise();
  for (const one of [connection, child]) await closing(new MongooseBrokerStore(one)).setup();
}

async function expectToWaitForAnother(): Promise<void> {
  const proxy = await proxied(await mongoUrl());
  const connection = await applicationConnection(`${proxy.url}&heartbeatFrequencyMS=500`);
  proxy.cut();
  await expect.poll(() => connection.readyState).toBe(STATES.disconnected);
  const store = closing(new MongooseBrokerStore(connection));
  await expect(store.setup()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  proxy.restore();
  await store.setup();
}

describe('an error of the database', () => {
  it('has no command, no document and no password in it', async () => {
    const url = await mongoUrl();
    const connection = await applicationConnection(url);
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    const record = await living(store, { payload: 'sealed-payload', subject: 'of-somebody' });
    const records = connection.db!.collection('oidc_auth_records');
    await records.createIndex({ subject: 1 }, { unique: true });
    await store.insert('grant', 'id', record);
    const taken: unknown = await store.insert('grant', 'secret-id', record).catch((error: unknown) => error);
    expect(taken).toMatchObject({ code: 'DuplicateKey', message: expect.stringContaining('index: subject_1') });

    await connection.db!.command({
      collMod: 'oidc_auth_records',
      validator: { payload: 'something else' },
    });
    const invalid: unknown = await store
      .insert('grant', 'secret-id', { ...record, subject: 'x' })
      .catch((error) => error);
    expect(invalid).toMatchObject({ name: 'MongoServerError', code: 'DocumentValidationFailure' });
    for (const error of [taken, invalid]) {
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/sealed-payload|secret-id|of-somebody/);
    }
  });
});
