import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { administerRedis, startProxy, startRedis, type FreezableServer } from '../fixtures/databases/index.js';
import { open } from './open-redis-store.js';

/** The sample's own limit is 4,000: with what a busy machine adds. */
const SOON_MS = 7_000;
const subject = 's'.repeat(43);
const record = { version: 1, payload: 'first', expiresAt: Number.MAX_SAFE_INTEGER, subject };

let redis: FreezableServer;
let store: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.remove());
beforeEach(async () => {
  store = await open(`${redis.url}#test`);
  await store.setup();
});
afterEach(async () => {
  await store.close();
  await administerRedis(redis.url, (client) => client.flushAll());
});

const tell = (...words: string[]) => administerRedis(redis.url, (client) => client.sendCommand(words));

async function expectRejectedSoon(answer: Promise<unknown>): Promise<void> {
  const started = performance.now();
  await expect(answer).rejects.toThrow();
  expect(performance.now() - started).toBeLessThan(SOON_MS);
}

describe('the sample’s RedisBrokerStore on a Redis that hangs', () => {
  it('rejects in some seconds, and works when Redis goes on', async () => {
    await store.insert('grant', 'id', record);
    redis.freeze();
    try {
      const reads = [store.find('grant', 'id'), store.list('grant', {}, { limit: 1 }), store.now(), store.ping()];
      await Promise.all(reads.map(expectRejectedSoon));
      await expectRejectedSoon(store.replace('grant', 'id', 1, { ...record, version: 2 }));
    } finally {
      redis.thaw();
    }
    await vi.waitFor(() => expect(store.remove('grant', 'id')).resolves.toBe(true), SOON_MS);
  });

  it('gives up a connection that has gone without a word, even while requests go on', async () => {
    const proxy = await startProxy(redis.url);
    const there = await open(`${proxy.url}#test`);
    try {
      proxy.hang();
      const requests = setInterval(() => there.now().catch(() => undefined), 200);
      try {
        await vi.waitFor(() => expect(there.client.isReady).toBe(false), { timeout: 10_000, interval: 50 });
      } finally {
        clearInterval(requests);
      }
      proxy.resume();
      await vi.waitFor(() => there.ping(), SOON_MS);
    } finally {
      await there.close();
      await proxy.close();
    }
  });
});

describe('the sample’s RedisBrokerStore on a Redis that is full', () => {
  beforeEach(async () => {
    await store.insert('grant', 'id', record);
    await tell('CONFIG', 'SET', 'maxmemory', '1');
  });
  afterEach(() => tell('CONFIG', 'SET', 'maxmemory', '0'));

  it('rejects what would be written, and nothing of it has been', async () => {
    const next = { version: 2, payload: 'second', expiresAt: Number.MAX_SAFE_INTEGER };
    await expect(store.insert('grant', 'other', record)).rejects.toThrow('OOM');
    await expect(store.replace('grant', 'id', 1, next)).rejects.toThrow('OOM');
    expect(await store.list('grant', { subject }, { limit: 10 })).toEqual([{ id: 'id', ...record }]);
    await tell('CONFIG', 'SET', 'maxmemory', '0');
    await expect(store.replace('grant', 'id', 1, next)).resolves.toBe(true);
    expect(await store.list('grant', { subject }, { limit: 10 })).toEqual([]);
  });

  it('finds and removes as before', async () => {
    expect(await store.find('grant', 'id')).toEqual(record);
    await expect(store.remove('grant', 'id')).resolves.toBe(true);
  });
});

describe('the sample’s RedisBrokerStore', () => {
  afterEach(async () => {
    vi.restoreAllMocks();
    await tell('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  });

  it.each([
    ['warns at setup of a Redis that throws away what was not used for long', 'allkeys-lru', 1],
    ['says nothing of one that throws away only what ends by itself', 'volatile-lru', 0],
  ])('%s', async (_title, policy, times) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await tell('CONFIG', 'SET', 'maxmemory-policy', policy);
    await store.setup();
    expect(warn).toHaveBeenCalledTimes(times);
    for (const [text] of warn.mock.calls) expect(text).toContain(policy);
  });

  it('removes all of a selection, however many, in steps', async () => {
    const ids = Array.from({ length: 1_001 }, (_, index) => String(index));
    await Promise.all(ids.map((id) => store.insert('grant', id, record)));
    expect(await store.removeAll('grant', { subject })).toBe(1_001);
  });

  it('leaves nothing behind of what was replaced, removed or purged', async () => {
    const sid = 'd'.repeat(43);
    await store.insert('grant', 'removed', { ...record, sid });
    await store.replace('grant', 'removed', 1, { ...record, version: 2 });
    await store.remove('grant', 'removed');
    await store.insert('marker', 'expired', { ...record, expiresAt: 1, sid });
    expect(await store.purgeExpired(1)).toBe(1);
    await administerRedis(redis.url, async (client) => expect(await client.keys('*')).toEqual([]));
  });

  it('steps over more expired records than a page holds', async () => {
    for (let index = 0; index < 25; index++) await store.insert('grant', `a${index}`, { ...record, expiresAt: 1 });
    await store.insert('grant', 'b', record);
    expect(await store.list('grant', {}, { limit: 2 })).toEqual([{ id: 'b', ...record }]);
  });
});
