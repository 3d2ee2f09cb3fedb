import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { Barrier } from '../fixtures/broker-process/interruptions.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  type Session,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';
import { LEASE_BEYOND_TIMEOUT, persistently, takeOver } from '../fixtures/refreshing/take-over.js';

let op: TestOp;
let store: string;
let app: RefreshingApplication;
let other: RefreshingApplication;
let third: RefreshingApplication;
beforeAll(async () => {
  op = await startOp();
  store = await freshDatabaseUrl();
  const start = () => startRefreshing(op, { store });
  [app, other, third] = await Promise.all([start(), start(), start()]);
});
afterAll(async () => {
  await Promise.all([app.close(), other.close(), third.close()]);
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  for (const each of [app, other, third]) each.interrupt({});
});

/** A refresh that holds the lease and gets no further. */
async function stuck(
  moment: 'before token 1' | 'after token 1' | 'after replace 1' = 'before token 1',
  given?: Session,
) {
  const session = given ?? (await app.login());
  op.resetRequests();
  const barrier = new Barrier();
  app.interrupt({ [moment]: barrier.hold });
  const answer = persistently(app, session.refreshToken);
  await barrier.arrived;
  return { ...session, answer, barrier };
}

describe('a lease', () => {
  it('is taken over by who has watched it for its whole length, and a second more, and not before', async () => {
    // 6 s of lease.
    const auth = { timeout: 1_000 };
    const [holder, watcher] = await Promise.all([
      startRefreshing(op, { store, auth }),
      startRefreshing(op, { store, auth }),
    ]);
    const { refreshToken } = await holder.login();
    const barrier = new Barrier();
    holder.interrupt({ 'before token 1': barrier.hold });
    const answer = holder.refresh(refreshToken);
    await barrier.arrived;
    watcher.stopClock();
    watcher.interrupt({});
    op.resetRequests();
    const his = watcher.refresh(refreshToken);
    for (const ms of [0, 5_999, 1, 999]) {
      watcher.leap(ms);
      const looks = watcher.count('find');
      await eventually(() => expect(watcher.count('find')).toBeGreaterThanOrEqual(looks + 3));
      expect(watcher.count('replace')).toBe(0);
    }
    watcher.leap(1);
    expect(generationOf((await tokensIn(await his)).refresh_token!)).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
    barrier.open();
    await answer;
    await Promise.all([holder.close(), watcher.close()]);
  });

  it('is not taken over by who has just come: he has not seen how long it stands', async () => {
    const { refreshToken, answer, barrier } = await stuck();
    other.leap(other.timeout + LEASE_BEYOND_TIMEOUT);
    const looked = new Barrier();
    looked.open();
    other.interrupt({ 'after find 3': looked.hold });
    const his = other.refresh(refreshToken);
    await looked.arrived;
    expect(other.count('replace')).toBe(0);
    barrier.open();
    await Promise.all([answer, his]);
  });

  it('is watched from request to request: who came before need not wait again', async () => {
    const { refreshToken, answer, barrier } = await stuck();
    const watching = new Barrier();
    other.interrupt({ 'before find 2': watching.hold });
    const first = other.refresh(refreshToken);
    await watching.arrived;
    other.leap(other.timeout + LEASE_BEYOND_TIMEOUT);
    watching.open();
    // Longer than anybody waits.
    await expectUnavailable(await first);
    await tokensIn(await other.refresh(refreshToken));
    barrier.open();
    await answer;
  });

  it('of another attempt is watched anew', async () => {
    const { refreshToken, answer, barrier } = await stuck();
    const holding = new Barrier();
    const his = takeOver(other, refreshToken, { 'before token 1': holding.hold });
    await holding.arrived;
    const looked = new Barrier();
    looked.open();
    third.interrupt({ 'after find 3': looked.hold });
    const last = third.refresh(refreshToken);
    await looked.arrived;
    expect(third.count('replace')).toBe(0);
    holding.open();
    const answers = [await tokensIn(await his), await tokensIn(await last)];
    expect(answers[1]!.refresh_token).toBe(answers[0]!.refresh_token);
    barrier.open();
    await answer;
  });

  it('that is held for longer than anybody waits: 503 with Retry-After, and the provider is not asked', async () => {
    const { refreshToken, answer, barrier } = await stuck();
    const watching = new Barrier();
    other.interrupt({ 'before find 2': watching.hold });
    const his = other.refresh(refreshToken);
    await watching.arrived;
    other.leap(10_000);
    watching.open();
    await expectUnavailable(await his);
    // He does not look again.
    expect(other.count('find')).toBe(2);
    expect(other.count('replace')).toBe(0);
    expect(op.requests('token')).toHaveLength(0);
    barrier.open();
    await tokensIn(await answer);
  });

  it('is given back only by its holder: the failure of another changes nothing', async () => {
    const session = await app.login();
    op.faults.once('token', fault.status(503));
    const { refreshToken, answer, barrier } = await stuck('after token 1', session);
    const holding = new Barrier();
    const his = takeOver(other, refreshToken, { 'before token 1': holding.hold });
    await holding.arrived;
    barrier.open();
    // He has failed, tries again and meets the lease of the other.
    await eventually(() => expect(app.eventsOf('upstream_joined')).toHaveLength(1));
    expect(app.eventsOf('upstream_failed')).toHaveLength(1);
    holding.open();
    const answers = [await tokensIn(await his), await tokensIn(await answer)];
    expect(answers[1]!.refresh_token).toBe(answers[0]!.refresh_token);
    expect(app.count('token')).toBe(1);
  });
});

describe('a process that was paused after it had taken the lease', () => {
  it('asks nobody: its lease may be another’s by now', async () => {
    const { refreshToken, answer, barrier } = await stuck('after replace 1');
    const his = await tokensIn(await takeOver(other, refreshToken));
    app.leap(app.timeout + LEASE_BEYOND_TIMEOUT);
    barrier.open();
    expect((await tokensIn(await answer)).refresh_token).toBe(his.refresh_token);
    expect(app.count('token')).toBe(0);
    expect(op.requests('token')).toHaveLength(1);
  });

  it('gives it back and begins anew where nobody else has come', async () => {
    const { answer, barrier } = await stuck('after replace 1');
    app.leap(5_001);
    barrier.open();
    await tokensIn(await answer);
    expect(op.requests('token')).toHaveLength(1);
    // Taken, given back, taken, the new token, the new generation.
    expect(app.count('replace')).toBe(5);
  });
});

describe('a lease that was taken over', () => {
  it('leaves in doubt whether its holder was answered', async () => {
    const { refreshToken, sid, answer, barrier } = await stuck('after token 1');
    await expectOAuthError(await takeOver(other, refreshToken), 400, 'invalid_grant');
    expect(other.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_lost' }]);
    barrier.open();
    await answer;
  });
});
