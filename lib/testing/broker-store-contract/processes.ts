import assert from 'node:assert/strict';
import type { StoreProcess } from './contract-options.js';
import { describeProcessClocks } from './process-clocks.js';
import { expired, hash, living } from './sample-records.js';
import type { Call } from './store-process.js';
import { StoreProcesses } from './store-processes.js';
import type { Suite } from './suite.js';
import { manyTimes, times } from './times.js';

/** ms by which the clock of each process is ahead: one is fast, one is slow. */
const CLOCKS = [120_000, -120_000, 0, 0];
const PROCESSES = CLOCKS.length;
/** Ids that are raced for. */
const IDS = 25;
/** Those of them that are at the same time: each call has to be answered in time, also by a slow database. */
const AT_ONCE = 5;
/** For each id in each process. */
const CALLERS = 3;

export function describeProcesses(suite: Suite, options: StoreProcess): void {
  const { describe, it, beforeAll, afterAll, beforeEach, afterEach } = suite.runner;
  let processes: StoreProcesses;

  const calls = async (make: (index: number) => readonly Call[]) => (await processes.call(make)).flat();

  const ids = times(IDS, (index) => `id-${index}`);

  /** The same calls for each id by several callers in every process; then how many of an id's callers were told `true`. */
  async function winners(
    call: (id: string, caller: string) => Call,
    meanwhile: () => readonly Promise<unknown>[] = () => [],
  ): Promise<number[]> {
    const counts: number[] = [];
    for (let begun = 0; begun < IDS; begun += AT_ONCE) {
      const raced = ids.slice(begun, begun + AT_ONCE);
      const all = raced.flatMap((id) => times(CALLERS, (caller) => ({ id, caller })));
      const others = meanwhile();
      const outcomes = await calls((process) => all.map(({ id, caller }) => call(id, `${process}-${caller}`)));
      await Promise.all(others);
      const isWon = (id: string) => (outcome: unknown, index: number) =>
        outcome === true && all[index % all.length]!.id === id;
      counts.push(...raced.map((id) => outcomes.filter(isWon(id)).length));
    }
    return counts;
  }

  const oneEach = ids.map(() => 1);

  describe(`of ${PROCESSES} processes`, () => {
    beforeAll(async () => {
      processes = new StoreProcesses(options, CLOCKS);
      await processes.inAll(() => ({ load: true }));
    });
    afterAll(() => processes.end());
    beforeEach(async () => {
      await processes.inAll(() => ({ open: suite.place }));
      await calls(() => [['setup']]);
    });
    afterEach(async () => {
      await processes.inAll(() => ({ close: true }));
    });

    it('all set up what nobody has before, at once', async () => {
      const place = await suite.unused();
      await processes.inAll(() => ({ open: place }));
      await calls(() => times(CALLERS, () => ['setup'] as const));
      const record = await living(suite.store);
      assert.deepEqual(
        await calls((process) => [['insert', 'key', `of-${process}`, record]]),
        times(PROCESSES, () => true),
      );
    });

    describeProcessClocks(suite, CLOCKS, () => processes);

    it('one inserts', async () => {
      const record = await living(suite.store);
      assert.deepEqual(await winners((id, payload) => ['insert', 'marker', id, { ...record, payload }]), oneEach);
    });

    it('one inserts over a record that has expired, purged meanwhile or not', async () => {
      const [old, record] = [await expired(suite.store), await living(suite.store)];
      for (const id of ids) await suite.store.insert('marker', id, old);
      assert.deepEqual(
        await winners(
          (id, payload) => ['insert', 'marker', id, { ...record, payload }],
          () => times(2, () => suite.store.purgeExpired(3)),
        ),
        oneEach,
      );
      assert.equal((await suite.store.list('marker', {}, { limit: 100 })).length, IDS);
    });

    it('one replaces a version', async () => {
      const record = await living(suite.store);
      for (const id of ids) await suite.store.insert('grant', id, record);
      assert.deepEqual(
        await winners((id, payload) => ['replace', 'grant', id, 1, { ...record, version: 2, payload }]),
        oneEach,
      );
    });

    it('one removes', async () => {
      const record = await living(suite.store);
      for (const id of ids) await suite.store.insert('grant', id, record);
      assert.deepEqual(await winners((id) => ['remove', 'grant', id]), oneEach);
    });

    it('one gets his way when some replace and some remove', async () => {
      const record = await living(suite.store);
      for (const id of ids) await suite.store.insert('grant', id, record);
      const outcomes = await winners((id, caller) =>
        Number(caller[0]) % 2 === 0
          ? ['remove', 'grant', id]
          : ['replace', 'grant', id, 1, { ...record, version: 2, payload: caller }],
      );
      // What was replaced first can still be removed; what was removed cannot be replaced.
      assert.ok(outcomes.every((winners) => winners === 1 || winners === 2));
      assert.deepEqual(await suite.store.list('grant', {}, { limit: 100 }), []);
    });

    it('no addition is lost', async () => {
      await suite.store.insert('grant', 'sum', await living(suite.store, { payload: '0' }));
      await calls(() => times(5, () => ['count', 'grant', 'sum'] as const));
      const sum = await suite.store.find('grant', 'sum');
      assert.deepEqual([sum?.payload, sum?.version], [String(5 * PROCESSES), 5 * PROCESSES + 1]);
    });

    it('each record of a selection is removed by one', async () => {
      const record = await living(suite.store, { subject: hash('s') });
      for (const id of ids) await suite.store.insert('grant', id, record);
      const removed = (await calls(() => times(3, () => ['removeAll', 'grant', { subject: hash('s') }]))) as number[];
      assert.equal(
        removed.reduce((sum, one) => sum + one, 0),
        IDS,
      );
    });

    it('each expired record is purged by one, and no living one by any', async () => {
      const [old, record] = [await expired(suite.store), await living(suite.store)];
      await manyTimes(200, (index) => suite.store.insert('marker', `old-${index}`, old));
      for (const id of ids) await suite.store.insert('marker', id, record);
      const purged = (await calls(() => times(5, () => ['purgeExpired', 20]))) as number[];
      purged.push(await suite.store.purgeExpired(200));
      assert.equal(
        purged.reduce((sum, one) => sum + one, 0),
        200,
      );
      assert.equal((await suite.store.list('marker', {}, { limit: 100 })).length, IDS);
    });
  });
}
