import assert from 'node:assert/strict';
import type { BrokerStoreContractOptions } from './contract-options.js';
import { reconnected } from './reconnected.js';
import { hash, living } from './sample-records.js';
import type { Suite } from './suite.js';
import { orLate } from './time-limit.js';

/** ms in which a method has ended: the 5,000 of the contract, and what a busy machine adds. */
const LIMIT = 7_000;

/** Whoever waits for a database that hangs keeps a request waiting, and more of them come every second. */
export function describeHanging(suite: Suite, proxyTo: NonNullable<BrokerStoreContractOptions['proxy']>): void {
  const { describe, it } = suite.runner;

  describe('where the database hangs', () => {
    it('each method rejects within 5 seconds, "close" ends, and the store works again when the database goes on', async () => {
      const proxy = await proxyTo(suite.place);
      try {
        const record = await living(suite.store);
        const next = { ...record, version: 2 };
        await suite.store.insert('grant', 'id', record);
        const store = await suite.another(proxy.place);
        const closing = await suite.another(proxy.place);
        await proxy.hang();
        const outcomes = await outcomesOf({
          ping: () => store.ping(),
          now: () => store.now(),
          insert: () => store.insert('grant', 'other', record),
          find: () => store.find('grant', 'id'),
          replace: () => store.replace('key', 'id', 1, next),
          remove: () => store.remove('key', 'id'),
          list: () => store.list('grant', {}, { limit: 10 }),
          removeAll: () => store.removeAll('key', { subject: hash('s') }),
          purgeExpired: () => store.purgeExpired(10),
          close: () => closing.close().catch(() => undefined),
        }).finally(() => proxy.resume());
        assert.deepEqual(
          outcomes,
          Object.fromEntries(Object.keys(outcomes).map((name) => [name, name === 'close' ? 'ends' : 'rejects'])),
        );
        assert.deepEqual(await reconnected(() => store.find('grant', 'id')), record);
      } finally {
        await proxy.close();
      }
    });
  });
}

/** What becomes of each; all at the same time, as waiting for them takes long. */
async function outcomesOf(calls: Readonly<Record<string, () => Promise<unknown>>>): Promise<Record<string, string>> {
  const outcomes = Object.entries(calls).map(async ([name, call]) => {
    const outcome = call().then(
      () => 'ends',
      () => 'rejects',
    );
    return [name, await orLate(LIMIT, outcome, `has not ended after ${LIMIT} ms`)] as const;
  });
  return Object.fromEntries(await Promise.all(outcomes));
}
