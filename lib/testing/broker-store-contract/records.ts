import assert from 'node:assert/strict';
import type { Suite } from './suite.js';
import { KINDS, hash, living } from './sample-records.js';
import { times } from './times.js';

/** What means something to one database or another. */
const MEANINGFUL = ["'; drop table x; --\\'", '$$ROOT', '$payload', '{"$gt":""}', '%s %d', ':name', '?1', 'null', '0'];
const PRINTABLE = times(95, (index) => String.fromCharCode(32 + index)).join('');

export function describeRecords(suite: Suite): void {
  const { describe, it } = suite.runner;

  describe('a record', () => {
    it('is found as it was inserted, by another instance too', async () => {
      const { store } = suite;
      const full = await living(store, { version: 7, subject: hash('subject'), sid: hash('sid') });
      const plain = await living(store);
      assert.equal(await store.insert('grant', 'full', full), true);
      assert.equal(await store.insert('grant', 'plain', plain), true);
      for (const reader of [store, await suite.another()]) {
        assert.deepEqual(await reader.find('grant', 'full'), full);
        assert.deepEqual(await reader.find('grant', 'plain'), plain);
      }
    });

    it('that was never inserted is null', async () => {
      assert.equal(await suite.store.find('grant', 'absent'), null);
    });

    it('is not inserted over', async () => {
      const { store } = suite;
      const first = await living(store, { payload: 'first' });
      await store.insert('marker', 'taken', first);
      assert.equal(await store.insert('marker', 'taken', await living(store, { payload: 'second' })), false);
      assert.deepEqual(await store.find('marker', 'taken'), first);
    });

    it('is known by kind and id together', async () => {
      const { store } = suite;
      for (const kind of KINDS) {
        assert.equal(await store.insert(kind, 'same', await living(store, { payload: kind })), true);
      }
      assert.equal((await store.find('peer', 'same'))?.payload, 'peer');
      assert.equal(await store.remove('peer', 'same'), true);
      assert.equal((await store.find('key', 'same'))?.payload, 'key');
    });

    it('is told from those whose ids differ in one character or in case', async () => {
      const { store } = suite;
      const ids = ['aB', 'AB', 'ab', 'Ab', 'a-b', 'a_b', '-', '_', 'a'.repeat(64), 'A'.repeat(64)];
      for (const id of ids) assert.equal(await store.insert('grant', id, await living(store, { payload: id })), true);
      for (const id of ids) assert.equal((await store.find('grant', id))?.payload, id);
    });

    it('may have a payload of 100,000 characters, of any printable ones, or of none', async () => {
      const { store } = suite;
      for (const payload of ['x'.repeat(100_000), PRINTABLE, ' at both ends ', ...MEANINGFUL, '']) {
        await store.insert('grant', 'id', await living(store, { payload }));
        const found = (await store.find('grant', 'id'))?.payload;
        // Not 100,000 characters into a log.
        assert.ok(found === payload, `${shown(found)} instead of ${shown(payload)}`);
        await store.remove('grant', 'id');
      }
    });

    it('may have a version and an end as great as whole numbers are', async () => {
      const { store } = suite;
      const record = await living(store, { version: Number.MAX_SAFE_INTEGER - 1, expiresAt: Number.MAX_SAFE_INTEGER });
      const next = { ...record, version: Number.MAX_SAFE_INTEGER };
      await store.insert('key', 'great', record);
      assert.deepEqual(await store.find('key', 'great'), record);
      assert.equal(await store.replace('key', 'great', record.version, next), true);
      assert.deepEqual(await store.find('key', 'great'), next);
    });

    it('is replaced as a whole: index fields that the new one has not are gone', async () => {
      const { store } = suite;
      await store.insert('grant', 'id', await living(store, { subject: hash('a'), sid: hash('b') }));
      const next = await living(store, { version: 2, payload: 'next', sid: hash('c') });
      assert.equal(await store.replace('grant', 'id', 1, next), true);
      assert.deepEqual(await store.find('grant', 'id'), next);
      assert.deepEqual(await store.list('grant', { subject: hash('a') }, { limit: 10 }), []);
      assert.deepEqual(await store.list('grant', { sid: hash('c') }, { limit: 10 }), [{ id: 'id', ...next }]);
    });

    it('is replaced only at the version that the caller has seen', async () => {
      const { store } = suite;
      const current = await living(store, { version: 2 });
      await store.insert('grant', 'id', current);
      for (const version of [1, 3]) {
        assert.equal(await store.replace('grant', 'id', version, await living(store, { version: version + 1 })), false);
      }
      assert.deepEqual(await store.find('grant', 'id'), current);
    });

    it('that is absent is neither made by a replacement nor removed', async () => {
      const { store } = suite;
      assert.equal(await store.replace('grant', 'id', 1, await living(store, { version: 2 })), false);
      assert.equal(await store.find('grant', 'id'), null);
      assert.equal(await store.remove('grant', 'id'), false);
    });

    it('is removed once, and may be inserted again', async () => {
      const { store } = suite;
      await store.insert('grant', 'id', await living(store));
      assert.equal(await store.remove('grant', 'id'), true);
      assert.equal(await store.remove('grant', 'id'), false);
      assert.equal(await store.find('grant', 'id'), null);
      assert.equal(await store.insert('grant', 'id', await living(store)), true);
    });

    it('is not changed by what the caller does to the object later', async () => {
      const { store } = suite;
      const record = { ...(await living(store)) };
      await store.insert('grant', 'id', record);
      record.payload = 'changed';
      assert.equal((await store.find('grant', 'id'))?.payload, 'sealed');
    });
  });
}

function shown(payload: string | undefined): string {
  if (payload === undefined) return 'nothing';
  return payload.length > 200 ? `${payload.length} characters` : JSON.stringify(payload);
}
