import { describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from './memory-broker-store.js';
import { WatchedBrokerStore } from './watched-broker-store.js';

class HomemadeStore extends MemoryBrokerStore {}

const record = (id: unknown) => ({ id, version: 1, payload: '', expiresAt: 1 });

const calls = {
  list: (store: WatchedBrokerStore) => store.list('grant', {}, { after: 'm', limit: 2 }),
  removeAll: (store: WatchedBrokerStore) => store.removeAll('grant', {}),
  purgeExpired: (store: WatchedBrokerStore) => store.purgeExpired(10),
};

describe('an answer that no store may give', () => {
  it.each<[string, keyof typeof calls, unknown, string]>([
    ['more records than were asked for', 'list', ['n', 'o', 'p'].map(record), 'more than 2 records (3)'],
    ['no array', 'list', new Set(), 'no array (an object with nothing in it)'],
    ['records without ids', 'list', [{ ...record('n'), id: undefined }], 'something that is no record with its id'],
    ['what are no records', 'list', ['n'], 'something that is no record with its id (a text of 1 characters)'],
    ['records in another order', 'list', ['o', 'n'].map(record), 'no ids in their order after "o"'],
    ['a record twice', 'list', ['n', 'n'].map(record), 'no ids in their order after "n"'],
    ['the first page again', 'list', ['a', 'b'].map(record), 'no ids in their order after "m"'],
    ['nothing', 'removeAll', undefined, 'no whole number (undefined)'],
    ['a decision', 'removeAll', true, 'no whole number (true)'],
    ['fewer than none', 'purgeExpired', -1, 'no whole number (-1)'],
    ['a half', 'purgeExpired', 0.5, 'no whole number (0.5)'],
  ])('is told by its method and its shape: %s of %s', async (_, method, answer, words) => {
    const store = Object.assign(new HomemadeStore(), { [method]: async () => answer });
    await expect(calls[method](new WatchedBrokerStore(store))).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringContaining(
        `HomemadeStore.${method}() breaks the contract of BrokerStore: it returned ${words}`,
      ),
    });
  });
});

it('a trial of a store that keeps the contract leaves nothing behind', async () => {
  const store = new HomemadeStore();
  await new WatchedBrokerStore(store).prove('trial');
  expect(await store.list('marker', {}, { limit: 10 })).toEqual([]);
  expect(await store.purgeExpired(10)).toBe(0);
});
