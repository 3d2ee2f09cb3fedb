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
    ['more records than were asked for', 'list', ['n', 'o', 'p'].map(record), 'more records (3) than its limit (2)'],
    ['no array', 'list', new Set(), 'something other than an array (an instance of Set)'],
    ['nothing at all', 'list', {}, 'something other than an array (an empty object)'],
    [
      'records without ids',
      'list',
      [{ ...record('n'), id: undefined }],
      'something other than records with their ids (an object with id: undefined, version: number,',
    ],
    ['what are no records', 'list', ['n'], 'something other than records with their ids (a text of 1 characters)'],
    ['records in another order', 'list', ['o', 'n'].map(record), 'ids not in ascending order'],
    ['a record twice', 'list', ['n', 'n'].map(record), 'ids not in ascending order'],
    ['the first page again', 'list', ['a', 'b'].map(record), 'a record whose id does not come after "after"'],
    ['nothing', 'removeAll', undefined, 'something other than a non-negative integer (undefined)'],
    ['a decision', 'removeAll', true, 'something other than a non-negative integer (true)'],
    ['what a driver says', 'removeAll', [1], 'something other than a non-negative integer (an array of 1)'],
    ['a bigint', 'removeAll', 1n, 'something other than a non-negative integer (a bigint)'],
    ['fewer than none', 'purgeExpired', -1, 'something other than a non-negative integer (-1)'],
    ['a half', 'purgeExpired', 0.5, 'something other than a non-negative integer (0.5)'],
  ])('is told by its method and its shape: %s of %s', async (_, method, answer, words) => {
    const store = Object.assign(new HomemadeStore(), { [method]: async () => answer });
    await expect(calls[method](new WatchedBrokerStore(store))).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: 'The store of this application cannot be used as it is.',
      operatorHint: expect.stringContaining(
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
