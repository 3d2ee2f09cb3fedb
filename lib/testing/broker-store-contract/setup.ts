import assert from 'node:assert/strict';
import type { Suite } from './suite.js';
import { living } from './sample-records.js';
import { times } from './times.js';

export function describeSetup(suite: Suite): void {
  const { describe, it } = suite.runner;

  describe('a store that was set up', () => {
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
