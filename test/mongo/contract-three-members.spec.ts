import { randomUUID } from 'node:crypto';
import * as runner from 'vitest';
import { describeBrokerStore } from '../../lib/testing/index.js';
import { startReplicaSet, withMongoDatabase, type ReplicaSet } from '../fixtures/databases/index.js';
import { proxyTo, storeProcess } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';

const { afterAll, beforeAll } = runner;

let set: ReplicaSet;
let primary: string;

beforeAll(async () => {
  set = await startReplicaSet(3);
  primary = (await set.steady()).url;
}, 60_000);
afterAll(() => set.remove());

const databaseOf = (place: string) => /\/(\w+)\?/.exec(place)![1]!;

describeBrokerStore('MongooseBrokerStore on a replica set of three', open, {
  runner,
  create: () => withMongoDatabase(set.url, `contract_${randomUUID().replaceAll('-', '')}`),
  process: storeProcess(new URL('../fixtures/stores/open-by-url.ts', import.meta.url)),
  // Of the members it stands before the primary, which knows that there are others.
  proxy: (place) => proxyTo(withMongoDatabase(`${primary}?directConnection=true`, databaseOf(place))),
});
