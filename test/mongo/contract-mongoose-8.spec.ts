import { describeBrokerStore } from '../../lib/testing/index.js';
import { mongoUrl } from '../fixtures/databases/index.js';
import { byServerUrl, storeProcess } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-mongoose-8.js';
import { direct } from './connections.js';

describeBrokerStore('MongooseBrokerStore on a connection of Mongoose 8', open, {
  ...byServerUrl(async () => direct(await mongoUrl())),
  process: storeProcess(new URL('../fixtures/stores/open-by-mongoose-8.ts', import.meta.url)),
});
