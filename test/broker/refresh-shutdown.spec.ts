import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { Barrier, type Moment } from '../fixtures/broker-process/interruptions.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { generationOf, type RefreshingApplication, startRefreshing } from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let store: string;
let survivor: RefreshingApplication;
beforeAll(async () => {
  [op, store] = await Promise.all([startOp(), freshDatabaseUrl()]);
  survivor = await startRefreshing(op, { store });
});
afterAll(async () => {
  await survivor.close();
  await op.close();
});
beforeEach(() => op.reset());

/** A refresh that is held up at a moment, and an application that begins to close then. */
async function closingAt(moment: Moment) {
  const app = await startRefreshing(op, { store });
  const session = await app.login();
  const barrier = new Barrier();
  app.interrupt({ [moment]: barrier.hold });
  const answer = app.refresh(session.refreshToken);
  await barrier.arrived;
  let isClosed = false;
  const closing = app.close().finally(() => {
    isClosed = true;
  });
  return { app, session, barrier, answer, closing, isClosed: () => isClosed };
}

describe('an application that closes', () => {
  it.each<Moment>(['before token 1', 'after token 1', 'before replace 2', 'before userinfo 1', 'before replace 3'])(
    'waits for a refresh (%s), whose caller gets his answer',
    async (moment) => {
      const { session, barrier, answer, closing, isClosed } = await closingAt(moment);
      // Long enough for it to close, if it did not wait.
      await expect(tokensIn(await survivor.refresh((await survivor.login()).refreshToken))).resolves.toBeDefined();
      expect(isClosed()).toBe(false);
      barrier.open();
      const next = await tokensIn(await answer);
      await closing;
      expect(generationOf(next.refresh_token!)).toBe(1);
      expect((await survivor.broker.session(session.sid))?.refreshes).toBe(1);
      await tokensIn(await survivor.refresh(next.refresh_token!));
    },
  );

  it('begins no refresh any more: 503 with Retry-After', async () => {
    const app = await startRefreshing(op, { store });
    const [running, fresh] = [await app.login(), await app.login()];
    const barrier = new Barrier();
    app.interrupt({ 'before token 1': barrier.hold });
    const answer = app.refresh(running.refreshToken);
    await barrier.arrived;
    // It stops listening last: until then requests meet the closing application.
    const closing = app.close();
    await expectUnavailable(await app.refresh(fresh.refreshToken));
    barrier.open();
    await tokensIn(await answer);
    await closing;
    await tokensIn(await survivor.refresh(fresh.refreshToken));
  });

  it('does not wait for the store for longer than 10 s', async () => {
    const { barrier, answer, closing, app } = await closingAt('before replace 2');
    const gone = () => {
      app.leap(6_000);
      throw new Error('the database is gone');
    };
    app.interrupt({ 'before replace 1': gone, 'before replace 2': gone, 'before replace 3': gone });
    barrier.open();
    await expectUnavailable(await answer);
    expect(app.count('replace')).toBeLessThanOrEqual(2);
    await closing;
  });
});
