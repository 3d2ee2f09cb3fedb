import assert from 'node:assert/strict';
import { KINDS, expired, hash, living } from './sample-records.js';
import type { StoreProcesses } from './store-processes.js';
import type { Suite } from './suite.js';

/** ms: less than clocks are off, and more than a test takes. */
const A_MINUTE = 60_000;

/** The store's clock is the only one: machines of one application are minutes apart. */
export function describeProcessClocks(suite: Suite, clocks: readonly number[], processes: () => StoreProcesses): void {
  const { it } = suite.runner;

  it('all read the same clock', async () => {
    const before = await suite.store.now();
    const readings = (await processes().call(() => [['now']])).flat() as number[];
    const after = await suite.store.now();
    assert.ok(readings.every((reading) => before <= reading && reading <= after));
  });

  it('all judge expiry by it, whatever their own clocks say', async () => {
    const { store } = suite;
    const lives = await living(store, { expiresAt: (await store.now()) + A_MINUTE });
    const past = await expired(store);
    const next = { ...lives, version: 2 };
    // Each process has records of its own, and each method that writes a kind of its own.
    const subjects = clocks.map((_, index) => hash(String(index)));
    for (const [index, subject] of subjects.entries()) {
      for (const kind of KINDS) {
        await store.insert(kind, `lives-${index}`, { ...lives, subject });
        await store.insert(kind, `past-${index}`, { ...past, subject });
      }
    }
    const judged = await processes().call((index) => [
      ['find', 'grant', `lives-${index}`],
      ['find', 'grant', `past-${index}`],
      ['list', 'grant', { subject: subjects[index] }, { limit: 10 }],
      ['replace', 'key', `lives-${index}`, 1, next],
      ['replace', 'key', `past-${index}`, 1, next],
      ['remove', 'marker', `lives-${index}`],
      ['remove', 'marker', `past-${index}`],
      ['removeAll', 'peer', { subject: subjects[index] }],
    ]);
    await processes().call(() => [['purgeExpired', 100]]);
    const inserted = await processes().call((index) => [
      ['insert', 'grant', `lives-${index}`, lives],
      ['insert', 'grant', `past-${index}`, lives],
    ]);
    assert.deepEqual(
      clocks.map((ahead, index) => ({ ahead, judged: judged[index], inserted: inserted[index] })),
      clocks.map((ahead, index) => {
        const found = { ...lives, subject: subjects[index] };
        return {
          ahead,
          judged: [found, null, [{ id: `lives-${index}`, ...found }], true, false, true, false, 1],
          inserted: [false, true],
        };
      }),
    );
  });
}
