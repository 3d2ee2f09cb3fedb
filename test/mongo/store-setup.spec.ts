import type { mongo } from 'mongoose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MongooseBrokerStore, type CollectionOptions } from '../../lib/store/mongoose/index.js';
import { administerMongo, mongoStandaloneUrl, mongoUrl } from '../fixtures/databases/index.js';
import { mongod } from '../fixtures/databases/mongo-server.js';
import { setUpAtOnce } from '../fixtures/stores/processes.js';
import { closing, living, storeAt } from '../fixtures/stores/stores.js';
import { applicationConnection } from './connections.js';

const NAME = 'oidc_auth_records';

/** Does something with the database as its administrator. */
function administer<T>(url: string, work: (db: mongo.Db) => Promise<T>): Promise<T> {
  return administerMongo(url, (client) => work(client.db()));
}

/** Runs what `setupScript` says, as mongosh would. */
function runScript(url: string, options?: CollectionOptions): Promise<void> {
  return administer(url, async (db) => {
    const made: Promise<unknown>[] = [];
    const getCollection = (name: string) => ({
      createIndex: (key: mongo.IndexSpecification, options: mongo.CreateIndexesOptions) =>
        made.push(db.collection(name).createIndex(key, options)),
    });
    // oxlint-disable-next-line no-new-func
    new Function('db', MongooseBrokerStore.setupScript(options))({ getCollection });
    await Promise.all(made);
  });
}

const indexesOf = (url: string, name = NAME) =>
  administer(url, async (db) => {
    const indexes = await db.collection(name).listIndexes().toArray();
    return indexes
      .map(({ v: _, ...index }) => index)
      .toSorted((one, other) => String(one['name']).localeCompare(String(other['name'])));
  });

const OUR_INDEXES = [
  { name: '_id_', key: { _id: 1 } },
  { name: 'purgeAt', key: { purgeAt: 1 }, expireAfterSeconds: 0 },
  { name: 'sid', key: { sid: 1, _id: 1 }, partialFilterExpression: { sid: { $exists: true } } },
  { name: 'subject', key: { subject: 1, _id: 1 }, partialFilterExpression: { subject: { $exists: true } } },
];

describe('set-up', () => {
  it.each([
    ['a replica set', mongoUrl],
    ['a server of its own', mongoStandaloneUrl],
  ])(
    'by eight processes at the same moment works on %s',
    async (_, freshUrl) => {
      const url = await freshUrl();
      const results = await setUpAtOnce(url, 8);
      expect(results.toSorted()).toEqual(['found', 'found', 'found', 'found', 'found', 'found', 'found', 'inserted']);
      expect(await indexesOf(url)).toEqual(OUR_INDEXES);
    },
    90_000,
  );

  it('makes again what somebody has dropped since', async () => {
    const url = await mongoUrl();
    const store = await storeAt(url);
    await store.setup();
    await store.insert('key', 'kept', await living(store));
    await administer(url, (db) => db.collection(NAME).dropIndexes());
    expect(await indexesOf(url)).toHaveLength(1);
    await store.setup();
    expect(await indexesOf(url)).toEqual(OUR_INDEXES);
    expect(await store.find('key', 'kept')).not.toBeNull();
  });

  it('is content with indexes of other names that are the same, and with further ones', async () => {
    const url = await mongoUrl();
    await administer(url, async (db) => {
      await db.collection(NAME).createIndex({ purgeAt: 1 }, { name: 'ttl', expireAfterSeconds: 0 });
      await db.collection(NAME).createIndex({ version: 1 });
    });
    await (await storeAt(url)).setup();
    const names = (await indexesOf(url)).map(({ name }) => name);
    expect(names).toEqual(['_id_', 'sid', 'subject', 'ttl', 'version_1']);
  });

  it.each<readonly [string, mongo.IndexSpecification, mongo.CreateIndexesOptions, string]>([
    ['removes records at another time', { purgeAt: 1 }, { expireAfterSeconds: 60 }, 'purgeAt_1'],
    ['removes nothing', { purgeAt: 1 }, {}, 'purgeAt_1'],
    ['has the name, and other fields', { payload: 1 }, { name: 'subject' }, 'subject'],
    ['holds other records', { sid: 1, _id: 1 }, { name: 'sid', sparse: true }, 'sid'],
  ])('says which index is in the way that %s, and how to mend it', async (_, key, options, name) => {
    const url = await mongoUrl();
    await administer(url, (db) => db.collection(NAME).createIndex(key, options));
    const store = await storeAt(url);
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(
        `has the index ${name} .*db\\.getCollection\\("${NAME}"\\)\\.dropIndex\\("${name}"\\)`,
      ),
    });

    await administer(url, (db) => db.collection(NAME).dropIndex(name));
    await store.setup();
    expect(await indexesOf(url)).toEqual(OUR_INDEXES);
  });

  it('does not take an index of the same fields in another order for its own', async () => {
    const url = await mongoUrl();
    const options = { name: 'theirs', partialFilterExpression: { sid: { $exists: true } } };
    await administer(url, (db) => db.collection(NAME).createIndex({ _id: 1, sid: 1 }, options));
    await (await storeAt(url)).setup();
    expect((await indexesOf(url)).map(({ name }) => name)).toEqual(['_id_', 'purgeAt', 'sid', 'subject', 'theirs']);
  });

  it('makes nothing in a collection of a later version', async () => {
    const url = await mongoUrl();
    await administer(url, (db) =>
      db.collection<{ _id: string; version: number }>(NAME).insertOne({ _id: 'schema:version', version: 2 }),
    );
    await expect((await storeAt(url)).setup()).rejects.toMatchObject({ code: 'store_misconfigured' });
    expect(await indexesOf(url)).toHaveLength(1);
  });

  it.each(['admin', 'config', 'local'])('does not put its records into the database %s of the server', async (name) => {
    const store = await storeAt((await mongoUrl()).replace(/\/test_\w+/, `/${name}`));
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: `The database ${name} is MongoDB's own: give the store another one.`,
    });
  });

  it('comes to its end after one that died in the middle of it', async () => {
    const url = await mongoUrl();
    await administer(url, (db) => db.collection(NAME).createIndex({ subject: 1, _id: 1 }, OUR_INDEXES[3] as object));
    const store = await storeAt(url);
    await store.setup();
    expect(await indexesOf(url)).toEqual(OUR_INDEXES);
    expect(await store.insert('key', 'id', await living(store))).toBe(true);
  });

  it('refuses a collection that a later version has changed, at any time of its making', async () => {
    const url = await mongoUrl();
    await (await storeAt(url)).setup();
    await administer(url, (db) =>
      db.collection<{ _id: string }>(NAME).updateOne({ _id: 'schema:version' }, { $set: { version: 2 } }),
    );
    await expect((await storeAt(url)).setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/is of schema version 2.*knows 1.*same version of the library/),
    });
  });

  it('refuses a collection of somebody else, and changes nothing of it', async () => {
    const url = await mongoUrl();
    await administer(url, (db) => db.collection(NAME).insertOne({ theirs: true }));
    await expect((await storeAt(url)).setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/oidc_auth_records holds documents of somebody else.*collectionPrefix/),
    });
    expect(await indexesOf(url)).toHaveLength(1);
    expect(await administer(url, (db) => db.collection(NAME).countDocuments())).toBe(1);
  });

  it('refuses a collection by whose collation ids are equal that are not, and a view', async () => {
    const url = await mongoUrl();
    await administer(url, async (db) => {
      await db.createCollection(NAME, { collation: { locale: 'en', strength: 2 } });
      await db.createCollection('view_records', { viewOn: 'something', pipeline: [] });
    });
    await expect((await storeAt(url)).setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(/oidc_auth_records has a collation.*drop the collection/),
    });
    const onView = new MongooseBrokerStore(await applicationConnection(url), { collectionPrefix: 'view_' });
    await expect(onView.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringContaining('view_records is a view'),
    });
  });

  it('refuses a collection that would refuse records: by a unique index, a rule of its own, or a size', async () => {
    const url = await mongoUrl();
    await administer(url, async (db) => {
      await db.createCollection('unique_records').then((made) => made.createIndex({ sid: 1 }, { unique: true }));
      await db.createCollection('almost_records').then((made) => made.createIndex({ sid: 1 }));
      await db.command({ collMod: 'almost_records', index: { name: 'sid_1', prepareUnique: true } });
      await db.createCollection('strict_records', { validator: { theirs: { $exists: true } } });
      await db.createCollection('capped_records', { capped: true, size: 4_096 });
    });
    for (const [collectionPrefix, words] of [
      ['unique_', /unique_records has the unique index sid_1.*dropIndex\("sid_1"\)/],
      ['almost_', /almost_records has the unique index sid_1/],
      ['strict_', /strict_records is not one that the store can use .*Document failed validation/],
      ['capped_', /capped_records is not one that the store can use .*capped/],
    ] as const) {
      const store = new MongooseBrokerStore(await applicationConnection(url), { collectionPrefix });
      await expect(store.setup()).rejects.toMatchObject({
        code: 'store_misconfigured',
        message: expect.stringMatching(words),
      });
    }
  });

  it('may be tried again after it has failed, and fails for all who wait for it', async () => {
    const url = await mongoUrl();
    await administer(url, (db) => db.collection(NAME).insertOne({ theirs: true }));
    const store = await storeAt(url);
    const attempts = await Promise.allSettled([store.setup(), store.setup()]);
    expect(attempts.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await administer(url, (db) => db.collection(NAME).deleteMany({}));
    await store.setup();
  });
});

describe('the names of the collection', () => {
  it('begin with a prefix of one’s choice, so that several share a database', async () => {
    const url = await mongoUrl();
    const connection = await applicationConnection(url);
    for (const collectionPrefix of ['second_', '', undefined]) {
      const store = closing(new MongooseBrokerStore(connection, { collectionPrefix }));
      await store.setup();
      expect(await store.insert('key', 'same', await living(store))).toBe(true);
    }
    const names = await administer(url, (db) => db.listCollections().toArray());
    expect(names.map(({ name }) => name).toSorted()).toEqual([NAME, 'records', 'second_records']);
  });

  it('are refused where they cannot be names', async () => {
    for (const collectionPrefix of ['system.', '$', 'x'.repeat(41), 'a\0', 1]) {
      expect(() => MongooseBrokerStore.setupScript({ collectionPrefix: collectionPrefix as string })).toThrow(
        expect.objectContaining({ code: 'store_misconfigured', message: expect.stringContaining('collectionPrefix') }),
      );
    }
  });
});

describe('where the application may not make indexes', () => {
  /** A server that asks for passwords, and users of one of its databases. */
  async function guardedDatabase(users: Readonly<Record<string, readonly mongo.Document[]>>) {
    const server = await mongod('--auth');
    onTestFinished(() => server.remove());
    await server.start();
    const urlOf = (user: string) =>
      `mongodb://${user}:in-the-url@127.0.0.1:${server.port}/mine?authSource=admin&authMechanism=SCRAM-SHA-256`;
    // As long as there is no user, who comes from the same machine may make one.
    await administerMongo(server.url, (client) =>
      client.db('admin').command({ createUser: 'root', pwd: 'in-the-url', roles: ['root'] }),
    );
    await administerMongo(urlOf('root'), async (client) => {
      const admin = client.db('admin');
      for (const [user, privileges] of Object.entries(users)) {
        await admin.command({ createRole: user, privileges, roles: [] });
        await admin.command({ createUser: user, pwd: 'in-the-url', roles: [user] });
      }
    });
    return urlOf;
  }

  const records = { db: 'mine', collection: NAME };
  const writing = ['find', 'insert', 'update', 'remove', 'listIndexes'];

  it('says so, with the way out, and works once somebody has made them', async () => {
    const urlOf = await guardedDatabase({
      reader: [{ resource: { db: 'mine', collection: '' }, actions: ['find', 'listIndexes', 'listCollections'] }],
      writer: [{ resource: records, actions: writing }],
      nobody: [],
    });
    for (const user of ['reader', 'writer', 'nobody']) {
      const error: unknown = await (await storeAt(urlOf(user))).setup().catch((error: unknown) => error);
      expect(error).toMatchObject({
        code: 'store_misconfigured',
        message: expect.stringMatching(
          /may not use the collection oidc_auth_records.*not authorized on mine.*setupScript\(\)/,
        ),
      });
      expect(String(error)).not.toContain('in-the-url');
    }

    await runScript(urlOf('root'));
    const store = await storeAt(urlOf('writer'));
    await store.setup();
    const record = await living(store, { subject: 's' });
    expect(await store.insert('grant', 'id', record)).toBe(true);
    expect(await store.replace('grant', 'id', 1, { ...record, version: 2 })).toBe(true);
    expect(await store.list('grant', { subject: 's' }, { limit: 10 })).toHaveLength(1);
    expect(await store.purgeExpired(10)).toBe(0);
    expect(await store.remove('grant', 'id')).toBe(true);
    // Who may only read is told so at set-up, not by the first who signs in.
    await expect((await storeAt(urlOf('reader'))).setup()).rejects.toMatchObject({ code: 'store_misconfigured' });

    const wrong = await storeAt(urlOf('writer').replace('in-the-url', 'wrong-in-the-url'));
    const refused: unknown = await wrong.setup().catch((error: unknown) => error);
    expect(refused).toMatchObject({ message: 'Authentication failed.', code: 'AuthenticationFailed' });
  }, 60_000);

  it('only looks, with createIndexes: false, and names what is missing', async () => {
    const url = await mongoUrl();
    const options = { createIndexes: false, collectionPrefix: 'mine_' };
    const store = closing(new MongooseBrokerStore(await applicationConnection(url), options));
    await expect(store.setup()).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringMatching(
        /mine_records has no index subject, sid, purgeAt as the store needs it, and createIndexes is false.*setupScript/,
      ),
    });
    expect(await administer(url, (db) => db.listCollections().toArray())).toEqual([]);

    await runScript(url, options);
    await runScript(url, options);
    expect(await indexesOf(url, 'mine_records')).toEqual(OUR_INDEXES);
    await store.setup();
    expect(await store.insert('grant', 'id', await living(store))).toBe(true);
  });
});

describe('what lies in the collection', () => {
  it('says when the server removes it: an hour after its end, where that is a date', async () => {
    const url = await mongoUrl();
    const store = await storeAt(url);
    await store.setup();
    const record = await living(store, { payload: 'sealed', subject: 's', sid: 'i' });
    const last = 8_640_000_000_000_000 - 3_600_000;
    await store.insert('grant', 'id', record);
    await store.insert('key', 'last', { ...record, expiresAt: last });
    await store.insert('key', 'never', { ...record, expiresAt: last + 1 });
    const documents = await administer(url, (db) =>
      db
        .collection(NAME)
        .find({}, { sort: { _id: 1 } })
        .toArray(),
    );
    expect(documents).toEqual([
      { _id: 'grant:id', ...record, purgeAt: new Date(record.expiresAt + 3_600_000), insertion: expect.any(String) },
      {
        _id: 'key:last',
        ...record,
        expiresAt: last,
        purgeAt: new Date(last + 3_600_000),
        insertion: expect.any(String),
      },
      { _id: 'key:never', ...record, expiresAt: last + 1, insertion: expect.any(String) },
      { _id: 'schema:version', version: 1, payload: '', expiresAt: Number.MAX_SAFE_INTEGER },
    ]);

    const next = { version: 2, payload: 'next', expiresAt: record.expiresAt };
    await store.replace('grant', 'id', 1, next);
    expect(await administer(url, (db) => db.collection(NAME).findOne({ version: 2 }))).toEqual({
      _id: 'grant:id',
      ...next,
      purgeAt: new Date(record.expiresAt + 3_600_000),
    });
  });

  it('is removed by the server where no process is left to do it', async () => {
    const server = await mongod('--setParameter=ttlMonitorSleepSecs=1');
    onTestFinished(() => server.remove());
    await server.start();
    const url = `${server.url}mine`;
    const store = await storeAt(url);
    await store.setup();
    const now = await store.now();
    const ends = {
      'hours-ago': now - 3_700_000,
      'just-ended': now - 1_000,
      living: now + 3_600_000,
      never: Number.MAX_SAFE_INTEGER,
    };
    for (const [id, expiresAt] of Object.entries(ends)) {
      await store.insert('grant', id, { version: 1, payload: '', expiresAt });
    }
    await vi.waitFor(
      async () => {
        const left = await administer(url, (db) => db.collection(NAME).find({ version: 1 }).toArray());
        expect(left.map(({ _id }) => String(_id)).toSorted()).toEqual([
          'grant:just-ended',
          'grant:living',
          'grant:never',
          'schema:version',
        ]);
      },
      { timeout: 10_000 },
    );
    expect(await store.purgeExpired(10)).toBe(1);
  }, 30_000);
});
