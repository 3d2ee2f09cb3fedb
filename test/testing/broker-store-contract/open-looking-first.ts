import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerStore } from '../../../lib/index.js';
import { open as openByUrl } from '../../fixtures/stores/open-by-url.js';

/** ms between two steps, in which the other processes come, however busy the machine is. */
const GAP = 200;

/** What one method does in two steps. */
const inTwoSteps: Readonly<Record<string, (store: BrokerStore) => Partial<BrokerStore>>> = {
  insert: (store) => {
    const { insert } = store;
    return {
      insert: async (kind, id, record) => {
        if ((await store.find(kind, id)) !== null) return false;
        await delay(GAP);
        await store.remove(kind, id);
        return insert.call(store, kind, id, record);
      },
    };
  },
  replace: (store) => ({
    replace: async (kind, id, version, record) => {
      if ((await store.find(kind, id))?.version !== version) return false;
      await delay(GAP);
      await store.remove(kind, id);
      return store.insert(kind, id, record);
    },
  }),
  remove: (store) => {
    const { remove } = store;
    return {
      remove: async (kind, id) => {
        if ((await store.find(kind, id)) === null) return false;
        await delay(GAP);
        await remove.call(store, kind, id);
        return true;
      },
    };
  },
};

/** A store on a database, of which the method that `place` names after `?` first looks, then writes. */
export async function open(place: string): Promise<BrokerStore> {
  const [url = '', method = ''] = place.split('?');
  const store = await openByUrl(url);
  return Object.assign(store, inTwoSteps[method]?.(store));
}
