import assert from 'node:assert/strict';
import type { Suite } from './suite.js';
import { living } from './sample-records.js';
import { times } from './times.js';

export function describeSetup(suite: Suite): void {
  const { describe, it } = suite.runner;

  describe('a store that was set up', () => {
    it('knows nothing of the records at another place', async () => {
      const other = await suite.another(await suite.unused());
      await suite.store.insert('key', 'id', await living(suite.store));
      const message =
        'found at another place: what a store keeps has to be kept apart by the place that it is opened at';
      assert.equal(await other.find('key', 'id'), null, message);
      assert.deepEqual(await other.list('key', {}, { limit: 10 }), [], message);
    });

    it('works when many did it at once, where nobody had before', async () => {
      for (const place of [await suite.unused(), await suite.unused()]) {
        const stores = await Promise.all(times(8, () => suite.notSetUp(place)));
        await Promise.all(stores.map((store) => store.setup()));
        const record = await living(stores[0]!);
        assert.equal(await stores[0]!.insert('key', 'id', record), true);
        for (const store of stores) assert.deepEqual(await store.find('key', 'id'), record);
      }
    });

    it('loses nothing when that is done again, by others, and by many at once', async () => {
      const { store } = suite;
      const record = await living(store);
      await store.insert('key', 'kept', record);

      const others = await Promise.all(times(5, () => suite.notSetUp()));
      await Promise.all([store, store, ...others].map((one) => one.setup()));
      assert.deepEqual(await others[0]!.find('key', 'kept'), record);
    });

    it('answers a ping', async () => {
      await suite.store.ping();
    });

    it('can be closed twice', async () => {
      const store = await suite.another();
      await store.close();
      await store.close();
    });

    it('has a clock of whole milliseconds, which all instances share and which never goes back', async () => {
      const another = await suite.another();
      const readings: number[] = [];
      for (const store of [suite.store, another, suite.store, another]) readings.push(await store.now());
      assert.deepEqual(
        readings,
        readings.toSorted((one, other) => one - other),
      );
      assert.ok(readings.every((reading) => Number.isSafeInteger(reading) && reading > Date.UTC(2020)));
    });
  });
}
