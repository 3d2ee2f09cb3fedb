import assert from 'node:assert/strict';
import type { Suite } from './suite.js';
import { expired, living } from './sample-records.js';
import { times } from './times.js';

const CALLERS = 50;

export function describeRaces(suite: Suite): void {
  const { describe, it } = suite.runner;

  /** As many callers at once, half of them on another instance. */
  async function race<T>(call: (store: Suite['store'], index: number) => Promise<T>): Promise<T[]> {
    const stores = [suite.store, await suite.another()];
    return Promise.all(times(CALLERS, (index) => call(stores[index % 2]!, index)));
  }

  describe(`of ${CALLERS} callers at once`, () => {
    it('one inserts, and it is his record that stays', async () => {
      const record = await living(suite.store);
      const outcomes = await race((store, index) =>
        store.insert('marker', 'id', { ...record, payload: `of ${index}` }),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal((await suite.store.find('marker', 'id'))?.payload, `of ${outcomes.indexOf(true)}`);
    });

    it('one inserts over a record that has expired', async () => {
      const record = await living(suite.store);
      await suite.store.insert('marker', 'id', await expired(suite.store));
      const outcomes = await race((store, index) =>
        store.insert('marker', 'id', { ...record, payload: `of ${index}` }),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal((await suite.store.find('marker', 'id'))?.payload, `of ${outcomes.indexOf(true)}`);
    });

    it('one replaces a version', async () => {
      const record = await living(suite.store);
      await suite.store.insert('grant', 'id', record);
      const outcomes = await race((store, index) =>
        store.replace('grant', 'id', 1, { ...record, version: 2, payload: `of ${index}` }),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.deepEqual(await suite.store.find('grant', 'id'), {
        ...record,
        version: 2,
        payload: `of ${outcomes.indexOf(true)}`,
      });
    });

    it('one removes', async () => {
      await suite.store.insert('grant', 'id', await living(suite.store));
      const outcomes = await race((store) => store.remove('grant', 'id'));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    it('all see what was acknowledged before they ask', async () => {
      const record = await living(suite.store);
      await suite.store.insert('grant', 'id', record);
      const another = await suite.another();
      for (const version of times(20, (index) => index + 1)) {
        const [writer, reader] = version % 2 === 0 ? [suite.store, another] : [another, suite.store];
        assert.equal(await writer.replace('grant', 'id', version, { ...record, version: version + 1 }), true);
        assert.equal((await reader.find('grant', 'id'))?.version, version + 1);
      }
    });

    it('each gets an answer about his own record', async () => {
      const record = await living(suite.store);
      const found = await race(async (store, index) => {
        const id = `id-${index}`;
        await store.insert('grant', id, { ...record, payload: id });
        await store.replace('grant', id, 1, { ...record, version: 2, payload: `${id}!` });
        const found = await store.find('grant', id);
        return (await store.remove('grant', id)) && found?.payload;
      });
      assert.deepEqual(
        found,
        times(CALLERS, (index) => `id-${index}!`),
      );
    });
  });
}
