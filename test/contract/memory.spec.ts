import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { describeBrokerStore } from './broker-store-contract.js';

let store: MemoryBrokerStore;

describeBrokerStore(
  'MemoryBrokerStore',
  {
    create: () => {
      store = new MemoryBrokerStore();
      return 'this process';
    },
    open: () => store,
  },
  { describe, it, beforeAll, afterAll, beforeEach, afterEach },
);
