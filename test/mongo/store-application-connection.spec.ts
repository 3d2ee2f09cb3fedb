import mongoose, { createConnection, Mongoose, Schema, type ConnectOptions } from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BrokerStore } from '../../lib/index.js';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';
import { administerMongo, mongoStandaloneUrl, mongoUrl } from '../fixtures/databases/index.js';
import { closing, expired, living } from '../fixtures/stores/stores.js';
import { applicationConnection } from './connections.js';

/** Once through what a record goes through. */
async function expectToWork(store: BrokerStore): Promise<void> {
  const record = await living(store, { version: 1_000_000_007, payload: 'sealed', subject: 's' });
  const next = { ...record, version: record.version + 1 };
  expect(await store.insert('grant', 'id', record)).toBe(true);
  expect(await store.insert('grant', 'id', record)).toBe(false);
  expect(await store.find('grant', 'id')).toEqual(record);
  expect(await store.replace('grant', 'id', record.version, next)).toBe(true);
  expect(await store.replace('grant', 'id', record.version, next)).toBe(false);
  expect(await store.list('grant', { subject: 's' }, { limit: 10 })).toEqual([{ id: 'id', ...next }]);
  expect(await store.removeAll('grant', { subject: 's' })).toBe(1);
  expect(await store.remove('grant', 'id')).toBe(false);
  expect(await store.insert('marker', 'old', await expired(store))).toBe(true);
  expect(await store.purgeExpired(10)).toBe(1);
}

/** Names of the collections with the number of their documents. */
function collectionsOf(url: string): Promise<Record<string, number>> {
  return administerMongo(url, async (client) => {
    const names = (await client.db().listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    const counts = await Promise.all(names.map((name) => client.db().collection(name).countDocuments()));
    return Object.fromEntries(names.map((name, index) => [name, counts[index]!]));
  });
}

describe('an application’s own connection', () => {
  it('is used without anything being registered with it, and stays open when the store is closed', async () => {
    const connection = await applicationConnection(await mongoUrl());
    const store = new MongooseBrokerStore(connection);
    await store.setup();
    await expectToWork(store);
    expect(connection.modelNames()).toEqual([]);
    expect(connection.collections).toEqual({});

    await store.close();
    await store.close();
    expect(connection.readyState).toBe(mongoose.STATES.connected);
    await expectToWork(closing(new MongooseBrokerStore(connection)));
  });

  it('may be one for another database, or the default one, or one of several', async () => {
    const [url, other] = [await mongoUrl(), await mongoUrl()];
    const connection = await applicationConnection(url);
    const otherName = new URL(other).pathname.slice(1);
    const own = new Mongoose();
    onTestFinished(() => own.disconnect());
    await own.connect(await mongoUrl());
    for (const one of [
      connection,
      connection.useDb(otherName),
      own.connection,
      own.createConnection(await mongoUrl()),
    ]) {
      const store = closing(new MongooseBrokerStore(one));
      await store.setup();
      await store.insert('key', 'in each', await living(store));
      expect(await store.list('key', {}, { limit: 10 })).toHaveLength(1);
    }
    expect(await collectionsOf(url)).toEqual({ oidc_auth_records: 2 });
    expect(await collectionsOf(other)).toEqual({ oidc_auth_records: 2 });
  });

  it('may still be connecting when the store is set up, as with lazyConnection', async () => {
    const connection = createConnection(await mongoUrl());
    onTestFinished(() => connection.close());
    const child = connection.useDb(`${new URL(await mongoUrl()).pathname.slice(1)}`);
    const stores = [connection, child].map((one) => closing(new MongooseBrokerStore(one)));
    await Promise.all(stores.map((store) => store.setup()));
    for (const store of stores) await expectToWork(store);
  });

  it('that nobody has opened is no problem before the store is set up, and then a clear error', async () => {
    const connection = createConnection();
    const store = new MongooseBrokerStore(connection);
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/not open: await mongoose\.connect\(url\)/),
    });
    await expect(store.find('grant', 'id')).rejects.toThrow('the connection to the database is not open');

    await connection.openUri(await mongoUrl());
    await store.setup();
    await expectToWork(store);
    await connection.close();
    await expect(store.find('grant', 'id')).rejects.toThrow(/closed|connected/i);
    await store.close();
  });

  it('that could not connect can be opened later', async () => {
    const connection = createConnection('mongodb://127.0.0.1:1/db', { serverSelectionTimeoutMS: 500 });
    const store = closing(new MongooseBrokerStore(connection));
    await expect(store.setup()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(store.setup()).rejects.toMatchObject({ code: 'store_misconfigured' });
    await connection.openUri(await mongoUrl());
    onTestFinished(() => connection.close());
    await store.setup();
    await expectToWork(store);
  });

  it('that is dedicated to the store is closed by it', async () => {
    const connection = await applicationConnection(await mongoUrl());
    const store = new MongooseBrokerStore(connection, { dedicated: true });
    await store.setup();
    await store.close();
    await store.close();
    expect(connection.readyState).toBe(mongoose.STATES.disconnected);
  });

  it('is nothing else', () => {
    for (const foreign of [undefined, {}, 'mongodb://host/db']) {
      expect(() => new MongooseBrokerStore(foreign as never)).toThrow(
        expect.objectContaining({ code: 'store_misconfigured' }),
      );
    }
  });
});

describe('whatever the application’s connection is set to, the store', () => {
  const settings: Readonly<Record<string, ConnectOptions>> = {
    'secondary reads': { readPreference: 'secondaryPreferred', readConcernLevel: 'local' },
    'unacknowledged writes': { writeConcern: { w: 0 } },
    'writes without a journal': { writeConcern: { w: 1, journal: false, wtimeoutMS: 1 } },
    'raw documents': { raw: true },
    'numbers as objects': { promoteLongs: false, promoteValues: false },
    'whole numbers as bigint': { useBigInt64: true },
    'no retries': { retryWrites: false, retryReads: false },
    'a strict API': { serverApi: { version: '1', strict: true, deprecationErrors: true } },
    'no buffer, no indexes, no collections': { bufferCommands: false, autoIndex: false, autoCreate: false },
  };

  it.each(Object.entries(settings))('works with %s', async (_, options) => {
    for (const url of [await mongoUrl(), await mongoStandaloneUrl()]) {
      const store = closing(new MongooseBrokerStore(await applicationConnection(url, options)));
      await store.setup();
      await expectToWork(store);
    }
  });

  it('says how it reads and writes with each statement', async () => {
    const connection = await applicationConnection(await mongoUrl(), {
      readPreference: 'secondaryPreferred',
      readConcernLevel: 'local',
      writeConcern: { w: 0 },
      monitorCommands: true,
    });
    const commands: Readonly<Record<string, unknown>>[] = [];
    connection.getClient().on('commandStarted', ({ command }) => commands.push(command));
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    await expectToWork(store);

    const reads = commands.filter((command) => 'find' in command);
    const writes = commands.filter((command) =>
      ['findAndModify', 'update', 'delete', 'createIndexes'].some((name) => name in command),
    );
    expect(reads.length).toBeGreaterThan(3);
    expect(writes.length).toBeGreaterThan(8);
    for (const read of reads) expect(read).toMatchObject({ maxTimeMS: 5_000, readConcern: { level: 'majority' } });
    for (const command of commands) expect(command['$readPreference']).toBeUndefined();
    for (const write of writes) expect(write).toMatchObject({ writeConcern: { w: 'majority', j: true } });
    for (const write of writes.filter((command) => !('createIndexes' in command))) {
      expect(write).toMatchObject({ maxTimeMS: 5_000 });
    }
  });
});

describe('what the application does with Mongoose', () => {
  it('is not changed: no connection, no model, no plugin, no setting of the instance that it imports', async () => {
    const { plugins } = mongoose as unknown as { plugins: unknown[] };
    const { options } = mongoose as unknown as { options: object };
    const before = {
      connections: [...mongoose.connections],
      models: mongoose.modelNames(),
      plugins: [...plugins],
      options: { ...options },
    };
    const { openBrokerStore } = await import('../../lib/store/store-from-url.js');
    const store = closing(await openBrokerStore(await mongoUrl()));
    await store.setup();
    await expectToWork(store);
    expect(mongoose.connections).toEqual(before.connections);
    expect(mongoose.modelNames()).toEqual(before.models);
    expect(plugins).toEqual(before.plugins);
    expect(options).toEqual(before.options);
  });

  it('does not change the store: plugins and strictness, and a model of the same collection', async () => {
    const own = new Mongoose();
    own.plugin(() => {
      throw new Error('a plugin of the application');
    });
    own
      .set('strictQuery', 'throw')
      .set('runValidators', true)
      .set('sanitizeFilter', true)
      .set('transactionAsyncLocalStorage', true);
    const connection = await own.createConnection(await mongoUrl()).asPromise();
    onTestFinished(() => connection.close());
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    await expectToWork(store);
  });

  it('with a model of the same collection goes on beside the store', async () => {
    const connection = await applicationConnection(await mongoUrl());
    const schema = new Schema({ _id: String, theirs: { type: String, required: true } }, { versionKey: 'version' });
    const Theirs = connection.model('Records', schema, 'oidc_auth_records');
    await Theirs.init();
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    const record = await living(store);
    await store.insert('grant', 'id', record);
    await Theirs.create({ _id: 'theirs', theirs: 'x' });
    expect(await store.find('grant', 'id')).toEqual(record);
    expect(await store.list('grant', {}, { limit: 10 })).toHaveLength(1);
    expect(connection.modelNames()).toEqual(['Records']);
    expect(connection.model('Records')).toBe(Theirs);
  });

  it('in a transaction is not joined by the store', async () => {
    const own = new Mongoose();
    own.set('transactionAsyncLocalStorage', true);
    const connection = await own.createConnection(await mongoUrl()).asPromise();
    onTestFinished(() => connection.close());
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    const record = await living(store);
    const rolledBack = connection.transaction(async () => {
      await store.insert('grant', 'id', record);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await store.find('grant', 'id')).toEqual(record);
  });
});
