import { describeBrokerStore } from '../../lib/testing/index.js';
import { byServerUrl } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';
import { direct } from './connections.js';
import { mongoUrl } from '../fixtures/databases/index.js';

describeBrokerStore(
  'MongooseBrokerStore on a replica set',
  open,
  byServerUrl(async () => direct(await mongoUrl())),
);
