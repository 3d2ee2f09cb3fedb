import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { Barrier } from '../fixtures/broker-process/interruptions.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';

const CALLERS = 100;

let op: TestOp;
let app: RefreshingApplication;
beforeAll(async () => {
  op = await startOp();
  app = await startRefreshing(op, { store: await freshDatabaseUrl() });
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(() => op.reset());

/** The first is held up at the provider until all others have arrived. */
async function inParallel(refreshToken: string, others: readonly string[]): Promise<Response[]> {
  op.resetRequests();
  const barrier = new Barrier();
  app.interrupt({ 'before token 1': barrier.hold });
  const first = app.refresh(refreshToken);
  await barrier.arrived;
  const answers = others.map((token) => app.refresh(token));
  await eventually(() => expect(app.completed('find')).toBe(1 + others.length));
  barrier.open();
  return Promise.all([first, ...answers]);
}

const same = (refreshToken: string) => Array.from({ length: CALLERS - 1 }, () => refreshToken);

describe(`${CALLERS} refreshes of one token at once`, () => {
  it('are one at the provider, and have one successor, each with an access token of its own', async () => {
    const { refreshToken, sid } = await app.login();
    const answers = await Promise.all((await inParallel(refreshToken, same(refreshToken))).map(tokensIn));
    expect(op.requests('token')).toHaveLength(1);
    expect(new Set(answers.map(({ refresh_token: token }) => token)).size).toBe(1);
    expect(generationOf(answers[0]!.refresh_token!)).toBe(1);
    expect(new Set(answers.map(({ access_token: token }) => token)).size).toBe(CALLERS);
    expect(app.eventsOf('refreshed')).toHaveLength(1);
    expect((await app.broker.session(sid))?.refreshes).toBe(1);
  });

  it('cost each caller but the first one statement', async () => {
    const { refreshToken } = await app.login();
    await inParallel(refreshToken, same(refreshToken));
    // Of the first beside its look: the lease, the provider's new token, the new generation.
    expect({ find: app.count('find'), replace: app.count('replace') }).toEqual({ find: CALLERS, replace: 3 });
    expect(app.count('insert') + app.count('remove')).toBe(0);
  });

  it('share the failure of the first, at the cost of a look at whether their token is genuine', async () => {
    const { refreshToken } = await app.login();
    op.faults.set('token', fault.status(503));
    const answers = await inParallel(refreshToken, same(refreshToken));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: CALLERS }, () => 503));
    expect(answers.every(({ headers }) => headers.has('retry-after'))).toBe(true);
    expect(op.requests('token')).toHaveLength(1);
    // Beside that: the lease, and how it was given back.
    expect(app.count('find')).toBe(CALLERS + 1);
    expect(app.count('replace')).toBe(2);
    await op.reset();
    await tokensIn(await app.refresh(refreshToken));
  });

  it('share the end of the session', async () => {
    const { refreshToken, sid } = await app.login();
    op.faults.set('token', fault.status(400, { error: 'invalid_grant' }));
    const answers = await inParallel(refreshToken, same(refreshToken));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: CALLERS }, () => 400));
    expect(op.requests('token')).toHaveLength(1);
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_ended' }]);
  });

  it('share it where the grace period is 0: who was there before the rotation has not reused anything', async () => {
    const strict = await startRefreshing(op, {
      store: await freshDatabaseUrl(),
      auth: { refreshGracePeriod: 0 },
    });
    const { refreshToken } = await strict.login();
    op.resetRequests();
    const barrier = new Barrier();
    strict.interrupt({ 'before token 1': barrier.hold });
    const first = strict.refresh(refreshToken);
    await barrier.arrived;
    const others = Array.from({ length: 20 }, () => strict.refresh(refreshToken));
    await eventually(() => expect(strict.completed('find')).toBe(21));
    barrier.open();
    const answers = await Promise.all([first, ...others]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(strict.eventsOf('reuse_detected')).toEqual([]);
    await strict.close();
  });
});

describe('a forged token beside real ones', () => {
  const forge = (refreshToken: string) => {
    const bytes = Buffer.from(refreshToken, 'base64url');
    bytes[30]! ^= 1;
    return bytes.toString('base64url');
  };

  it('that comes first disturbs nobody', async () => {
    const { refreshToken } = await app.login();
    op.resetRequests();
    const barrier = new Barrier();
    app.interrupt({ 'after find 1': barrier.hold });
    const forged = app.refresh(forge(refreshToken));
    await barrier.arrived;
    const real = [app.refresh(refreshToken), app.refresh(refreshToken)];
    await eventually(() => expect(app.completed('find')).toBe(2));
    barrier.open();
    const answers = await Promise.all(real.map(async (answer) => tokensIn(await answer)));
    expect((await forged).status).toBe(400);
    expect(generationOf(answers[0]!.refresh_token!)).toBe(1);
    expect(answers[1]!.refresh_token).toBe(answers[0]!.refresh_token);
    expect(op.requests('token')).toHaveLength(1);
  });

  it('that comes while a real one is at it learns nothing', async () => {
    const { refreshToken } = await app.login();
    const [first, forged, real] = await inParallel(refreshToken, [forge(refreshToken), refreshToken]);
    expect(forged!.status).toBe(400);
    expect((await tokensIn(real!)).refresh_token).toBe((await tokensIn(first!)).refresh_token);
  });

  it('learns nothing of the provider’s failure either', async () => {
    const { refreshToken } = await app.login();
    op.faults.set('token', fault.status(503));
    const [first, forged] = await inParallel(refreshToken, [forge(refreshToken)]);
    expect([first!.status, forged!.status]).toEqual([503, 400]);
  });
});

describe('refreshes of different sessions', () => {
  it('do not wait for each other', async () => {
    const [one, other] = [await app.login(), await app.login()];
    const barrier = new Barrier();
    app.interrupt({ 'before token 1': barrier.hold });
    const held = app.refresh(one.refreshToken);
    await barrier.arrived;
    const his = await app.refresh(other.refreshToken);
    barrier.open();
    expect([his.status, (await held).status]).toEqual([200, 200]);
  });
});
