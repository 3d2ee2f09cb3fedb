import assert from 'node:assert/strict';
import type { BrokerStore } from '../../store/broker-store.js';
import type { BrokerStoreContractOptions } from './contract-options.js';
import { reconnected } from './reconnected.js';
import { hash, living } from './sample-records.js';
import type { Suite } from './suite.js';
import { orLate } from './time-limit.js';
import { times } from './times.js';

const REJECTED = Symbol('rejected');
/** ms after a method has ended, in which the proxy says whether it has lost the answer. */
const LIMIT = 1_000;

/**
 * The database did it and its answer was lost: a store that then tries again takes its own success for somebody else's and
 * says `false`. It has to reject, and leave it to the caller to look; or to tell the truth, where the database knows a
 * statement that it has already run.
 */
export function describeLostAnswers(suite: Suite, proxyTo: NonNullable<BrokerStoreContractOptions['proxy']>): void {
  const { describe, it } = suite.runner;

  async function withLostAnswer(truth: unknown, call: (store: BrokerStore) => Promise<unknown>): Promise<void> {
    const proxy = await proxyTo(suite.place);
    try {
      const store = await suite.another(proxy.place);
      await store.ping();
      const lost = proxy.loseNextAnswer().then(() => true);
      const outcome = await call(store).catch(() => REJECTED);
      assert.ok(
        await orLate(LIMIT, lost, false),
        'no answer was lost: the store did not go through the proxy, or the proxy let the answer through',
      );
      if (outcome !== REJECTED) assert.deepEqual(outcome, truth);
      await reconnected(() => store.ping());
    } finally {
      await proxy.close();
    }
  }

  describe('where an answer is lost, nothing is done twice, the store works on, and', () => {
    it('insert rejects or tells the truth', async () => {
      const record = await living(suite.store);
      await withLostAnswer(true, (store) => store.insert('grant', 'id', record));
      // A store may take two statements to insert, and the first has lost its answer.
      const found = await suite.store.find('grant', 'id');
      if (found !== null) assert.deepEqual(found, record);
    });

    it('replace rejects or tells the truth', async () => {
      const record = await living(suite.store);
      const next = { ...record, version: 2, payload: 'next' };
      await suite.store.insert('grant', 'id', record);
      await withLostAnswer(true, (store) => store.replace('grant', 'id', 1, next));
      assert.deepEqual(await suite.store.find('grant', 'id'), next);
    });

    it('remove rejects or tells the truth', async () => {
      await suite.store.insert('grant', 'id', await living(suite.store));
      await withLostAnswer(true, (store) => store.remove('grant', 'id'));
      assert.equal(await suite.store.find('grant', 'id'), null);
    });

    it('removeAll rejects or tells the truth', async () => {
      const record = await living(suite.store, { subject: hash('s') });
      for (const id of times(3, String)) await suite.store.insert('grant', id, record);
      await withLostAnswer(3, (store) => store.removeAll('grant', { subject: hash('s') }));
    });

    it('find and list reject or tell the truth', async () => {
      const record = await living(suite.store);
      await suite.store.insert('grant', 'id', record);
      await withLostAnswer(record, (store) => store.find('grant', 'id'));
      await withLostAnswer([{ id: 'id', ...record }], (store) => store.list('grant', {}, { limit: 10 }));
    });

    it('purgeExpired, now and ping reject or tell the truth', async () => {
      await withLostAnswer(0, (store) => store.purgeExpired(10));
      await withLostAnswer(true, async (store) => (await store.now()) <= (await suite.store.now()));
      await withLostAnswer(undefined, (store) => store.ping());
    });
  });
}
