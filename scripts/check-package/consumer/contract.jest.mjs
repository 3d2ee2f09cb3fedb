// With the globals of jest, and a store that needs nothing native in its sandbox.
import { MemoryBrokerStore } from 'nestjs-oidc-auth';
import { describeBrokerStore } from 'nestjs-oidc-auth/testing';

const stores = new Map();

describeBrokerStore(
  'a store',
  (place) => {
    if (!stores.has(place)) stores.set(place, new MemoryBrokerStore());
    return stores.get(place);
  },
  { destroy: (place) => void stores.delete(place) },
);
