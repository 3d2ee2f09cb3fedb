import * as runner from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { describeBrokerStore } from '../../lib/testing/index.js';

const stores = new Map<string, MemoryBrokerStore>();

describeBrokerStore(
  'MemoryBrokerStore',
  (place) => {
    const store = stores.get(place) ?? new MemoryBrokerStore();
    stores.set(place, store);
    return store;
  },
  { runner, destroy: (place) => void stores.delete(place) },
);
