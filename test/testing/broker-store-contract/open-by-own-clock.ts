import { open as openByUrl } from '../../fixtures/stores/open-by-url.js';

/** A store on a database, that asks the clock of its own process what time it is, and whether a record has expired. */
export async function open(url: string) {
  const store = await openByUrl(url);
  const { find } = store;
  return Object.assign(store, {
    now: async () => Date.now(),
    find: async (...id: Parameters<typeof find>) => {
      const found = await find.apply(store, id);
      return found !== null && found.expiresAt > Date.now() ? found : null;
    },
  });
}
