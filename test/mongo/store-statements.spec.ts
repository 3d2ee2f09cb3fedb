import type { mongo } from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';
import { administerMongo, mongoUrl } from '../fixtures/databases/index.js';
import { mongod } from '../fixtures/databases/mongo-server.js';
import { closing, living, storeAt } from '../fixtures/stores/stores.js';
import { applicationConnection } from './mongo-stores.js';

/** A server that fails on demand as it does by itself at bad moments. */
async function failingServer() {
  const server = await mongod('--setParameter=enableTestCommands=1');
  onTestFinished(() => server.remove());
  await server.start();
  return {
    url: `${server.url}mine`,
    failNext: (times: number, data: mongo.Document) =>
      administerMongo(server.url, (client) =>
        client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data }),
      ),
  };
}

describe('an insertion', () => {
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
      () => store.find('grant', 'id'),
      () => store.list('grant', {}, { limit: 1 }),
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
  it('asks for more than a query does: that a majority has what the primary has', async () => {
    const connection = await applicationConnection(await mongoUrl(), { monitorCommands: true });
    const store = closing(new MongooseBrokerStore(connection));
    await store.setup();
    await store.insert('grant', 'id', await living(store));
    const commands: string[] = [];
    connection.getClient().on('commandStarted', ({ commandName }) => commands.push(commandName));
    expect(await store.find('grant', 'id')).not.toBeNull();
    expect(await store.list('grant', {}, { limit: 10 })).toHaveLength(1);
    expect(commands).toEqual(['findAndModify', 'update', 'find']);
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
