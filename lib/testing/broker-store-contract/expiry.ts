import assert from 'node:assert/strict';
import type { Suite } from './suite.js';
import { KINDS, expired, hash, living } from './sample-records.js';
import { manyTimes, times } from './times.js';

export function describeExpiry(suite: Suite): void {
  const { describe, it } = suite.runner;

  describe('a record that has expired', () => {
    it('is not found, listed, replaced, removed or counted', async () => {
      const { store } = suite;
      assert.equal(await store.insert('grant', 'id', await expired(store, { subject: hash('s') })), true);
      assert.equal(await store.find('grant', 'id'), null);
      assert.deepEqual(await store.list('grant', {}, { limit: 10 }), []);
      assert.equal(await store.replace('grant', 'id', 1, await living(store, { version: 2 })), false);
      assert.equal(await store.remove('grant', 'id'), false);
      assert.equal(await store.removeAll('grant', { subject: hash('s') }), 0);
      assert.equal(await store.find('grant', 'id'), null);
    });

    it('expires when the clock of the store has reached its end, and not before', async () => {
      const { store } = suite;
      const expiresAt = (await store.now()) + 200;
      await store.insert('grant', 'id', await living(store, { expiresAt }));
      let before: number;
      let found;
      do {
        before = await store.now();
        found = await store.find('grant', 'id');
        assert.ok(found === null || before < expiresAt, 'found after its end');
      } while (found !== null);
      assert.ok((await store.now()) >= expiresAt, 'gone before its end');
    });

    it('may be the outcome of a replacement', async () => {
      const { store } = suite;
      await store.insert('grant', 'id', await living(store));
      assert.equal(await store.replace('grant', 'id', 1, await expired(store, { version: 2 })), true);
      assert.equal(await store.find('grant', 'id'), null);
    });

    it('does not keep a new one from being inserted, of which nothing is the old one’s', async () => {
      const { store } = suite;
      await store.insert('grant', 'id', await expired(store, { version: 9, subject: hash('s'), sid: hash('i') }));
      const record = await living(store, { payload: 'new' });
      assert.equal(await store.insert('grant', 'id', record), true);
      assert.deepEqual(await store.find('grant', 'id'), record);
      assert.equal(await store.insert('grant', 'id', record), false);
      assert.deepEqual(await store.list('grant', { subject: hash('s') }, { limit: 10 }), []);
    });
  });

  describe('the purge', () => {
    it('removes at most as many as it is told, of all kinds, and says how many', async () => {
      const { store } = suite;
      for (const kind of KINDS) {
        for (const index of times(3, (index) => index)) {
          await store.insert(kind, `expired-${index}`, await expired(store));
          await store.insert(kind, `living-${index}`, await living(store));
        }
      }
      assert.equal(await store.purgeExpired(5), 5);
      assert.equal(await store.purgeExpired(5), 5);
      assert.equal(await store.purgeExpired(5), 2);
      assert.equal(await store.purgeExpired(5), 0);
      for (const kind of KINDS) {
        assert.equal((await store.list(kind, {}, { limit: 10 })).length, 3);
      }
    });

    it('removes a thousand at once', async () => {
      const { store } = suite;
      const record = await expired(store);
      await manyTimes(1_000, (index) => store.insert('marker', `id-${index}`, record));
      assert.equal(await store.purgeExpired(1_000), 1_000);
      assert.equal(await store.purgeExpired(1_000), 0);
    });
  });
}
