import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, startProxy, type DatabaseProxy } from '../fixtures/databases/index.js';
import { Barrier, type Moment } from '../fixtures/broker-process/interruptions.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';

/** Rotates refresh tokens and punishes reuse: what it sends exists nowhere else. */
let op: TestOp;
let database: string;
let proxy: DatabaseProxy;
let app: RefreshingApplication;
beforeAll(async () => {
  [op, database] = await Promise.all([startOp(), freshDatabaseUrl()]);
  proxy = await startProxy(database);
  app = await startRefreshing(op, { store: proxy.url });
});
afterAll(async () => {
  await app.close();
  await proxy.close();
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  proxy.restore();
  app.interrupt({});
});

async function loggedIn() {
  const session = await app.login();
  op.resetRequests();
  app.interrupt({});
  return session;
}

async function expectToGoOn(refreshToken: string, generation: number): Promise<void> {
  app.interrupt({});
  expect(generationOf((await tokensIn(await app.refresh(refreshToken))).refresh_token!)).toBe(generation);
}

describe('a database that is gone', () => {
  it.each<[string, Moment, Moment]>([
    ['before the provider’s new token is written', 'after token 1', 'before replace 4'],
    ['before the new generation is written', 'after userinfo 1', 'before replace 5'],
  ])('%s, and back within the minute, costs nothing but time', async (_, gone, back) => {
    const { refreshToken } = await loggedIn();
    app.interrupt({ [gone]: () => proxy.cut(), [back]: () => proxy.restore() });
    const next = await tokensIn(await app.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
    await expectToGoOn(next.refresh_token!, 2);
  });

  it.each([1, 2, 3])('in the moment in which it answers write %i costs nothing', async (write) => {
    const { refreshToken } = await loggedIn();
    app.interrupt({ [`before replace ${write}`]: () => void proxy.loseNextAnswer() });
    const next = await tokensIn(await app.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
    await expectToGoOn(next.refresh_token!, 2);
  });

  it('for a while: 503 with Retry-After, guards go on, and all is well when it is back', async () => {
    const { refreshToken, accessToken } = await loggedIn();
    proxy.cut();
    await expectUnavailable(await app.refresh(refreshToken));
    await expectUnavailable(await app.refresh(refreshToken));
    expect(op.requests('token')).toHaveLength(0);
    expect(await app.verdict(accessToken)).toBe('accepted');
    proxy.restore();
    await expectToGoOn(refreshToken, 1);
  });

  it('while the application starts: it starts all the same, and is ready when the database is there', async () => {
    const { refreshToken } = await loggedIn();
    proxy.cut();
    const late = await startRefreshing(op, { store: proxy.url });
    await expectUnavailable(await late.refresh(refreshToken));
    proxy.restore();
    await eventually(async () => expect((await late.refresh(refreshToken)).status).toBe(200));
    await late.close();
  });

  it('while a refresh is under way in another process: he who waits is told to come again', async () => {
    const other = await startRefreshing(op, { store: database });
    const { refreshToken } = await loggedIn();
    const barrier = new Barrier();
    other.interrupt({ 'before token 1': barrier.hold });
    const first = other.refresh(refreshToken);
    await barrier.arrived;
    app.interrupt({ 'before find 2': () => proxy.cut() });
    await expectUnavailable(await app.refresh(refreshToken));
    proxy.restore();
    barrier.open();
    const next = await tokensIn(await first);
    expect((await tokensIn(await app.refresh(refreshToken))).refresh_token).toBe(next.refresh_token);
    await other.close();
  });
});
