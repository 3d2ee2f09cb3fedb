import { describeBrokerStore } from '../../lib/testing/index.js';
import { byServerUrl } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';
import { mongoStandaloneUrl } from '../fixtures/databases/index.js';
import { direct } from './connections.js';

describeBrokerStore(
  'MongooseBrokerStore on a server of its own',
  open,
  byServerUrl(async () => direct(await mongoStandaloneUrl())),
);
