import assert from 'node:assert/strict';
import type { BrokerStore } from '../../lib/index.js';
import type { BrokerStoreSubject, Suite } from './broker-store-contract.js';
import { living } from './sample-records.js';

/**
 * The database did it and its answer was lost: a store that then tries again takes its own success for somebody else's and
 * says `false`. It has to reject, once, and leave it to the caller to look.
 */
export function describeLostAnswers(suite: Suite, interpose: NonNullable<BrokerStoreSubject['interpose']>): void {
  const { describe, it } = suite.runner;

  async function withLostAnswer(call: (store: BrokerStore) => Promise<unknown>): Promise<void> {
    const interposed = await interpose(suite.place);
    try {
      const store = await suite.another(interposed.place);
      await store.ping();
      interposed.loseNextAnswer();
      await assert.rejects(call(store), Error);
      await store.ping();
    } finally {
      await interposed.close();
    }
  }

  describe('a method whose answer is lost rejects, does nothing twice, and the store works on', () => {
    it('insert', async () => {
      const record = await living(suite.store);
      await withLostAnswer((store) => store.insert('grant', 'id', record));
      // A store may take two statements to insert, and the first has lost its answer.
      const found = await suite.store.find('grant', 'id');
      if (found !== null) assert.deepEqual(found, record);
    });

    it('replace', async () => {
      const record = await living(suite.store);
      await suite.store.insert('grant', 'id', record);
      await withLostAnswer((store) => store.replace('grant', 'id', 1, { ...record, version: 2, payload: 'next' }));
      assert.deepEqual(await suite.store.find('grant', 'id'), { ...record, version: 2, payload: 'next' });
    });

    it('remove', async () => {
      await suite.store.insert('grant', 'id', await living(suite.store));
      await withLostAnswer((store) => store.remove('grant', 'id'));
      assert.equal(await suite.store.find('grant', 'id'), null);
    });

    it('removeAll, purgeExpired, find, list, now', async () => {
      await withLostAnswer((store) => store.removeAll('grant', {}));
      await withLostAnswer((store) => store.purgeExpired(10));
      await withLostAnswer((store) => store.find('grant', 'id'));
      await withLostAnswer((store) => store.list('grant', {}, { limit: 10 }));
      await withLostAnswer((store) => store.now());
    });
  });
}
