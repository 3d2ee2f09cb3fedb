import type { mongo } from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';
import { administerMongo, mongoStandaloneUrl, mongoUrl } from '../fixtures/databases/index.js';
import { mongod } from '../fixtures/databases/mongo-server.js';
import { eventually } from '../fixtures/refreshing/refreshing.js';
import { closing, expired, living, storeAt } from '../fixtures/stores/stores.js';
import { applicationConnection } from './connections.js';

/** A server that fails on demand as it does by itself at bad moments. */
async function failingServer() {
  const server = await mongod('--setParameter=enableTestCommands=1');
  onTestFinished(() => server.remove());
  await server.start();
  const failPoint = (
    configureFailPoint: string,
    mode: mongo.Document | 'alwaysOn' | 'off',
    data: mongo.Document = {},
  ) => administerMongo(server.url, (client) => client.db('admin').command({ configureFailPoint, mode, data }));
  return {
    url: `${server.url}mine`,
    failNext: (times: number, data: mongo.Document) => failPoint('failCommand', { times }, data),
    holdDeletions: async () => {
      await failPoint('hangDuringBatchRemove', 'alwaysOn');
      return { letGo: () => failPoint('hangDuringBatchRemove', 'off') };
    },
  };
}

describe('an insertion', () => {
  // Servers send one of their own again by themselves, from 4.2 on where nothing but `_id` is asked for.
  it('that another upsert was faster than looks at what is there, as the database did nothing', async () => {
    const { url, failNext } = await failingServer();
    const store = await storeAt(url);
    await store.setup();
    const record = await living(store);
    const taken = {
      failCommands: ['findAndModify'],
      errorCode: 11_000,
      errorExtraInfo: { keyPattern: { _id: 1 }, keyValue: { _id: 'grant:id' } },
    };
    await failNext(2, taken);
    expect(await store.insert('grant', 'id', record)).toBe(true);
    await failNext(2, taken);
    expect(await store.insert('grant', 'id', record)).toBe(false);
    expect(await store.find('grant', 'id')).toEqual(record);
  });
});

describe('a purge', () => {
  it('leaves alone what was made anew between its look and its deletion', async () => {
    const { url, holdDeletions } = await failingServer();
    const store = await storeAt(url);
    await store.setup();
    const record = await living(store);
    await store.insert('marker', 'id', await expired(store));
    const { letGo } = await holdDeletions();
    const purging = store.purgeExpired(10);
    await administerMongo(url, (client) =>
      eventually(async () => {
        const deletions = { currentOp: 1, ns: 'mine.oidc_auth_records', failpointMsg: 'hangDuringBatchRemove' };
        expect((await client.db('admin').command(deletions))['inprog']).toHaveLength(1);
      }),
    );
    expect(await store.insert('marker', 'id', record)).toBe(true);
    await letGo();
    expect(await purging).toBe(0);
    expect(await store.find('marker', 'id')).toEqual(record);
  });
});

describe('a write that a majority may not have', () => {
  it('rejects, whether it was made or not', async () => {
    const { url, failNext } = await failingServer();
    const store = await storeAt(url);
    await store.setup();
    const record = await living(store);
    await store.insert('grant', 'id', record);
    for (const write of [
      () => store.insert('grant', 'new', record),
      () => store.replace('grant', 'id', 1, { ...record, version: 2 }),
      () => store.removeAll('grant', {}),
      () => store.remove('grant', 'id'),
    ]) {
      await failNext(1, {
        failCommands: ['findAndModify', 'update', 'delete'],
        writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' },
      });
      await expect(write()).rejects.toMatchObject({ message: expect.stringContaining('replication timed out') });
    }
    expect(await store.list('grant', {}, { limit: 10 })).toEqual([]);
  });
});

describe('what reads records', () => {
  it('asks a server of its own for less than a replica set, as it would refuse that', async () => {
    const connection = await applicationConnection(await mongoStandaloneUrl(), { monitorCommands: true });
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    await store.insert('grant', 'id', await living(store));
    const concerns: unknown[] = [];
    connection.getClient().on('commandStarted', ({ command }) => concerns.push(command['readConcern']));
    expect(await store.find('grant', 'id')).not.toBeNull();
    expect(concerns).toEqual([{ level: 'majority' }]);
  });
});

describe('what stands in a record', () => {
  it('is no part of the statement, whatever it looks like', async () => {
    const store = await storeAt(await mongoUrl());
    await store.setup();
    for (const text of ['$$ROOT', '$payload', '$$NOW', '{"$gt":""}', '$']) {
      const record = await living(store, { payload: text, subject: text, sid: text });
      expect(await store.insert('grant', 'id', record)).toBe(true);
      expect(await store.list('grant', { subject: text, sid: text }, { limit: 10 })).toEqual([{ id: 'id', ...record }]);
      expect(await store.replace('grant', 'id', 1, { ...record, version: 2 })).toBe(true);
      expect(await store.find('grant', 'id')).toEqual({ ...record, version: 2 });
      expect(await store.removeAll('grant', { subject: text })).toBe(1);
    }
  });
});
