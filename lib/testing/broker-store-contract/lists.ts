import assert from 'node:assert/strict';
import type { BrokerRecordFilter, IdentifiedBrokerRecord } from '../../store/broker-store.js';
import type { Suite } from './suite.js';
import { expired, hash, living } from './sample-records.js';
import { manyTimes, times } from './times.js';

export function describeLists(suite: Suite): void {
  const { describe, it } = suite.runner;

  /** Two subjects with two sids each, three records of each pair. */
  async function insertPairs(): Promise<void> {
    const { store } = suite;
    for (const subject of ['ann', 'bob']) {
      for (const sid of ['one', 'two']) {
        for (const index of [1, 2, 3]) {
          const record = await living(store, { subject: hash(subject), sid: hash(sid) });
          await store.insert('grant', `${subject}-${sid}-${index}`, record);
        }
      }
    }
    await store.insert('grant', 'ann-expired', await expired(store, { subject: hash('ann'), sid: hash('one') }));
    await store.insert('peer', 'ann-peer', await living(store, { subject: hash('ann'), sid: hash('one') }));
    await store.insert('grant', 'nobody', await living(store));
  }

  async function idsOf(filter: BrokerRecordFilter, limit = 100): Promise<string[]> {
    return (await suite.store.list('grant', filter, { limit })).map(({ id }) => id);
  }

  describe('a list', () => {
    it('holds whole records of one kind with their ids', async () => {
      const { store } = suite;
      const full = await living(store, { version: 3, subject: hash('s'), sid: hash('i') });
      const plain = await living(store);
      await store.insert('grant', 'a', full);
      await store.insert('grant', 'b', plain);
      await store.insert('key', 'c', plain);
      assert.deepEqual(await store.list('grant', {}, { limit: 10 }), [
        { id: 'a', ...full },
        { id: 'b', ...plain },
      ]);
    });

    it('is in the order of the ids by code unit', async () => {
      const { store } = suite;
      const ids = ['-', '--', '0', '9', 'A', 'AB', 'Aa', 'Z', '_', 'a', 'aB', 'ab', 'b', 'z-', 'z0', 'z_'];
      for (const id of ids.toReversed()) await store.insert('grant', id, await living(store));
      assert.deepEqual(await idsOf({}), ids);
    });

    it('comes in pages that together hold each record once', async () => {
      const { store } = suite;
      const ids = times(25, (index) => `id-${String(index).padStart(2, '0')}`);
      for (const id of ids) await store.insert('marker', id, await living(store));
      const found: string[] = [];
      let page: readonly IdentifiedBrokerRecord[];
      do {
        page = await store.list('marker', {}, { after: found.at(-1), limit: 10 });
        found.push(...page.map(({ id }) => id));
        assert.ok(found.length <= ids.length, 'a page holds what an earlier one held');
      } while (page.length === 10);
      assert.deepEqual(found, ids);
      assert.deepEqual(await store.list('marker', {}, { after: 'id-24', limit: 1 }), []);
      // "after" need not be there any more.
      assert.equal((await store.list('marker', {}, { after: 'id-1', limit: 1 }))[0]?.id, 'id-10');
    });

    it('is bounded by its limit, up to a thousand', async () => {
      const { store } = suite;
      const record = await living(store);
      await manyTimes(1_001, (index) => store.insert('marker', `id-${index}`, record));
      assert.equal((await store.list('marker', {}, { limit: 1_000 })).length, 1_000);
      assert.equal((await store.list('marker', {}, { limit: 1 })).length, 1);
    });

    it('is selected by subject, by sid, or by both', async () => {
      await insertPairs();
      assert.deepEqual(await idsOf({ subject: hash('ann'), sid: hash('two') }), [
        'ann-two-1',
        'ann-two-2',
        'ann-two-3',
      ]);
      assert.equal((await idsOf({ subject: hash('bob') })).length, 6);
      assert.equal((await idsOf({ sid: hash('one') })).length, 6);
      assert.equal((await idsOf({ subject: undefined, sid: undefined })).length, 13);
      assert.deepEqual(await idsOf({ subject: hash('Ann') }), [], 'index fields differ in case');
    });

    it('pages within a selection', async () => {
      await insertPairs();
      const page = await suite.store.list('grant', { subject: hash('bob') }, { after: 'bob-one-2', limit: 2 });
      assert.deepEqual(
        page.map(({ id }) => id),
        ['bob-one-3', 'bob-two-1'],
      );
    });
  });

  describe('removing all', () => {
    it('takes those that are selected, of one kind, and says how many there were', async () => {
      await insertPairs();
      const { store } = suite;
      assert.equal(await store.removeAll('grant', { subject: hash('ann'), sid: hash('one') }), 3);
      assert.equal(await store.removeAll('grant', { sid: hash('one') }), 3);
      assert.equal(await store.removeAll('grant', { subject: hash('nobody') }), 0);
      assert.equal((await idsOf({})).length, 7);
      assert.equal(await store.removeAll('grant', {}), 7);
      assert.deepEqual(await idsOf({}), []);
      assert.notEqual(await store.find('peer', 'ann-peer'), null);
    });
  });
}
