import { setImmediate } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { databases, type BrokerDatabase } from '../fixtures/broker-database.js';
import { brokersInStoppedTime, kidOfNewToken, kidsOf, maintain } from '../fixtures/broker-keys.js';
import { startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { pass } from '../fixtures/simulated-time.js';

const DAY = 86_400;
/** s; longer than from one round to the next. */
const ROUND = 35;
const BATCH = 500;

/** When something ended that is to be removed here: MongoDB removes by itself what ended an hour ago. */
const lately = () => Date.now() - 600_000;

describe.each(databases)('one round of upkeep ($database)', ({ open }) => {
  let op: TestOp;
  let db: BrokerDatabase;
  let app: RunningBroker;
  beforeAll(async () => {
    op = await startOp();
    db = await open();
  });
  afterAll(async () => {
    await db.close();
    await op.close();
  });
  beforeEach(async () => {
    app = await startBroker(adapters[1], op, { auth: { brokerStoreUrl: db.url } });
  });
  afterEach(() => app.close());

  const kinds = async () => [...new Set((await db.rows()).map(({ kind }) => kind))].filter((kind) => kind !== 'schema');

  it('removes sessions and one-time values that have expired, and leaves the signing key', async () => {
    const { access_token } = await signIn(app);
    expect(await kinds()).toEqual(['grant', 'key', 'marker']);
    for (const kind of ['grant', 'marker']) await db.change(kind, { expires_at: lately() });
    await maintain(app);
    expect(await kinds()).toEqual(['key']);
    expect(await app.verdict(access_token)).toBe('accepted');
  });

  it('leaves what has not expired', async () => {
    const { refresh_token } = await signIn(app);
    const before = await db.rows();
    await maintain(app);
    expect(await db.rows()).toEqual(before);
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });

  it('removes more than one batch', async () => {
    const { refresh_token } = await signIn(app);
    const ended = lately();
    const old = (n: number) => ({ kind: 'marker', id: `old-${n}`, version: 1, payload: 'x', expires_at: ended });
    const rows = Array.from({ length: 2 * BATCH + 1 }, (_, n) => ({ ...old(n), subject: null, sid: null }));
    await db.put(...rows);
    const expired = async () => (await db.rows()).filter(({ expires_at }) => Number(expires_at) === ended).length;
    expect(await expired()).toBe(2 * BATCH + 1);
    await maintain(app);
    expect(await expired()).toBe(0);
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });
});

describe('upkeep goes on by itself', () => {
  const { start } = brokersInStoppedTime();
  let brokerStoreObj: BreakableStore;
  let purges: Mock<MemoryBrokerStore['purgeExpired']>;
  beforeEach(() => {
    // The timers as well; those of Node's own HTTP stay real.
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
    brokerStoreObj = new BreakableStore();
    purges = vi.spyOn(brokerStoreObj, 'purgeExpired');
  });

  const startHere = (auth: object = {}, module = {}) => start({ auth: { brokerStoreObj, ...auth }, module });

  /** For `expect.poll`: another round's time goes by before each look. */
  const aRoundLater =
    <T>(look: () => T) =>
    (): T => {
      pass(ROUND);
      return look();
    };

  const countOf = (mock: { mock: { calls: unknown[] } }) => () => mock.mock.calls.length;

  const keep = (id: string, seconds: number) =>
    brokerStoreObj.insert('marker', id, { version: 1, payload: 'x', expiresAt: Date.now() + seconds * 1_000 });

  async function keepExpired(count: number): Promise<void> {
    for (let n = 0; n < count; n++) await keep(`old-${n}`, 1);
    pass(1);
  }

  it('in rounds that begin about half a minute after the last one has ended', async () => {
    await startHere();
    const lists = vi.spyOn(brokerStoreObj, 'list');
    pass(29);
    await setImmediate();
    expect(lists).not.toHaveBeenCalled();

    const { opens, open } = gate();
    purges.mockImplementationOnce(async () => {
      await opens;
      return 0;
    });
    pass(ROUND - 29);
    await expect.poll(countOf(purges)).toBe(1);
    pass(10 * ROUND);
    open();
    await expect.poll(aRoundLater(countOf(purges))).toBeGreaterThan(1);
    expect(purges).toHaveBeenCalledTimes(2);
  });

  it('and removes what has expired since', async () => {
    await startHere();
    const purged = () => purges.mock.settledResults.map(({ value }) => value as number).filter((count) => count > 0);
    await keep('one', 10);
    await expect.poll(aRoundLater(purged)).toEqual([1]);
    await keep('other', 10);
    await expect.poll(aRoundLater(purged)).toEqual([1, 1]);
  });

  it('and lets a signing key be followed when it has grown old, as nobody else does', async () => {
    const app = await startHere({ signingKeyMaxAge: DAY });
    const first = await kidOfNewToken(app);
    pass(DAY);
    const lastRotation = () => app.eventsOf('key_rotated').at(-1);
    await expect.poll(aRoundLater(lastRotation)).toMatchObject({ generation: 2, reason: 'age' });
    expect(await kidsOf(app)).toHaveLength(2);
    pass(3_900);
    expect(await kidOfNewToken(app)).not.toBe(first);
  });

  it.each([
    ['cannot be reached', () => brokerStoreObj.break()],
    ['does not list the keys', () => brokerStoreObj.break('list')],
    ['fails at the purge', () => purges.mockRejectedValueOnce(new Error('deadlock detected'))],
  ])('after a round in which the store %s', async (_, fail) => {
    await startHere();
    await keepExpired(1);
    const lists = vi.spyOn(brokerStoreObj, 'list');
    fail();
    await expect.poll(aRoundLater(countOf(lists))).toBeGreaterThan(0);
    brokerStoreObj.mend();
    const lastPurge = () => purges.mock.settledResults.at(-1)?.value as unknown;
    await expect.poll(aRoundLater(lastPurge)).toEqual(expect.any(Number));
    expect(await brokerStoreObj.purgeExpired(BATCH)).toBe(0);
  });

  it('where records expire faster than a round removes them: the next one begins with the keys', async () => {
    await startHere();
    purges.mockImplementation(async () => {
      await setImmediate();
      pass(5);
      return BATCH;
    });
    await expect.poll(aRoundLater(countOf(purges))).toBeGreaterThan(0);
    const lists = vi.spyOn(brokerStoreObj, 'list');
    await expect.poll(aRoundLater(countOf(lists))).toBeGreaterThan(0);
  });

  it('until the application closes, which waits for the batch under way, and no further one', async () => {
    const told: string[] = [];
    @Injectable()
    class Witness implements BeforeApplicationShutdown {
      beforeApplicationShutdown = () => void told.push('the round has ended');
    }
    const app = await startHere({}, { providers: [Witness] });
    await keepExpired(3 * BATCH);
    const { opens, open } = gate();
    purges.mockImplementation(async (limit) => {
      await opens;
      told.push('a batch');
      return MemoryBrokerStore.prototype.purgeExpired.call(brokerStoreObj, limit);
    });
    vi.spyOn(brokerStoreObj, 'close').mockImplementation(async () => void told.push('the store is closed'));
    pass(ROUND);
    await expect.poll(countOf(purges)).toBe(1);

    const closing = app.close();
    // Requests are still answered: nothing is taken away before the round has ended.
    expect(await kidsOf(app)).toHaveLength(1);
    expect(told).toEqual([]);
    open();
    await closing;
    expect(told).toEqual(['a batch', 'the round has ended', 'the store is closed']);
    const lists = vi.spyOn(brokerStoreObj, 'list');
    pass(10 * ROUND);
    await setImmediate();
    expect(lists).not.toHaveBeenCalled();
  });
});

function gate() {
  let open!: () => void;
  const opens = new Promise<void>((resolve) => (open = resolve));
  return { opens, open };
}
