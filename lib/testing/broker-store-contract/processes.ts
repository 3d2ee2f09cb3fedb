import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreProcess } from './describe-broker-store.js';
import { count, expired, hash, living, times } from './sample-records.js';
import type { Call, Outcome, Task } from './store-process.js';
import type { Suite } from './suite.js';

const PROCESSES = 4;
/** Ids that are raced for at once, and the callers for each of them in each process. */
const IDS = 25;
const CALLERS = 3;

const program = fileURLToPath(new URL(`./store-process${extname(import.meta.url)}`, import.meta.url));

export function describeProcesses(suite: Suite, { module, execArgv = [] }: StoreProcess): void {
  const { describe, it, beforeAll, afterAll, beforeEach, afterEach } = suite.runner;
  let processes: ChildProcess[];

  async function outcomeOf(child: ChildProcess): Promise<readonly unknown[]> {
    const over = new AbortController();
    const [outcome] = (await Promise.race([
      once(child, 'message', over),
      once(child, 'exit', over).then(() => [{ error: 'the process has ended' }]),
    ]).finally(() => over.abort())) as [Outcome];
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.results;
  }

  /** The same task in every process, at the same time. */
  function inAll(task: (index: number) => Task): Promise<(readonly unknown[])[]> {
    return Promise.all(
      processes.map((child, index) => {
        const outcome = outcomeOf(child);
        child.send(task(index));
        return outcome;
      }),
    );
  }

  const calls = async (make: (index: number) => readonly Call[]) =>
    (await inAll((index) => ({ calls: make(index) }))).flat();

  const ids = times(IDS, (index) => `id-${index}`);

  /** The same calls for each id by several callers in every process; then how many of an id's callers were told `true`. */
  async function winners(call: (id: string, caller: string) => Call): Promise<number[]> {
    const all = ids.flatMap((id) => times(CALLERS, (caller) => ({ id, caller })));
    const outcomes = await calls((process) => all.map(({ id, caller }) => call(id, `${process}-${caller}`)));
    return ids.map((id) =>
      count(
        outcomes.filter((_, index) => all[index % all.length]!.id === id),
        true,
      ),
    );
  }

  const oneEach = ids.map(() => 1);

  describe(`of ${PROCESSES} processes`, () => {
    beforeAll(async () => {
      processes = times(PROCESSES, () => fork(program, [String(module)], { execArgv: [...execArgv] }));
      await Promise.all(processes.map((child) => outcomeOf(child)));
    });
    afterAll(async () => {
      await Promise.all(
        processes.map(async (child) => {
          const exited = once(child, 'exit');
          child.disconnect();
          await exited;
        }),
      );
    });
    beforeEach(async () => {
      await inAll(() => ({ open: suite.place }));
      await calls(() => [['setup']]);
    });
    afterEach(async () => {
      await inAll(() => ({ close: true }));
    });

    it('all read the same clock', async () => {
      const before = await suite.store.now();
      const readings = (await calls(() => [['now']])) as number[];
      const after = await suite.store.now();
      assert.ok(readings.every((reading) => before <= reading && reading <= after));
    });

    it('one inserts', async () => {
      const record = await living(suite.store);
      assert.deepEqual(await winners((id, payload) => ['insert', 'marker', id, { ...record, payload }]), oneEach);
    });

    it('one inserts over a record that has expired, purged meanwhile or not', async () => {
      const [old, record] = [await expired(suite.store), await living(suite.store)];
      for (const id of ids) await suite.store.insert('marker', id, old);
      const purges: Promise<unknown>[] = times(10, () => suite.store.purgeExpired(3));
      assert.deepEqual(await winners((id, payload) => ['insert', 'marker', id, { ...record, payload }]), oneEach);
      await Promise.all(purges);
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
      await Promise.all(times(200, (index) => suite.store.insert('marker', `old-${index}`, old)));
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
