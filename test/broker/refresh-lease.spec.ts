import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { Barrier } from '../fixtures/broker-process/interruptions.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { generationOf, type RefreshingApplication, startRefreshing } from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let one: RefreshingApplication;
let other: RefreshingApplication;
beforeAll(async () => {
  op = await startOp();
  const store = await freshDatabaseUrl();
  [one, other] = await Promise.all([startRefreshing(op, { store }), startRefreshing(op, { store })]);
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  one.interrupt({});
  other.interrupt({});
});

/** A refresh that is held up at the provider, where another process meets it. */
async function underWay(): Promise<{ refreshToken: string; sid: string; first: Promise<Response>; barrier: Barrier }> {
  const { refreshToken, sid } = await one.login();
  op.resetRequests();
  const barrier = new Barrier();
  one.interrupt({ 'before token 1': barrier.hold });
  const first = one.refresh(refreshToken);
  await barrier.arrived;
  return { refreshToken, sid, first, barrier };
}

/** A refresh of the other process, which has seen that somebody is at it. */
async function joining(refreshToken: string): Promise<{ second: Promise<Response> }> {
  const waiting = new Barrier();
  waiting.open();
  other.interrupt({ 'after find 2': waiting.hold });
  const second = other.refresh(refreshToken);
  await waiting.arrived;
  return { second };
}

describe('a refresh while another process is at it', () => {
  it('waits and gets the same successor; the provider is asked once', async () => {
    const { refreshToken, sid, first, barrier } = await underWay();
    const { second } = await joining(refreshToken);
    expect(other.eventsOf('upstream_joined')).toEqual([{ type: 'upstream_joined', sid }]);
    barrier.open();
    const [mine, his] = await Promise.all([tokensIn(await first), tokensIn(await second)]);
    expect(his.refresh_token).toBe(mine.refresh_token);
    expect(his.access_token).not.toBe(mine.access_token);
    expect(op.requests('token')).toHaveLength(1);
    expect(other.count('replace')).toBe(0);
    expect(other.eventsOf('replayed')).toHaveLength(1);
  });

  it('waits with the old token, too, after the new one is out', async () => {
    const { refreshToken } = await one.login();
    const { refresh_token: current } = await tokensIn(await one.refresh(refreshToken));
    const barrier = new Barrier();
    one.interrupt({ 'before token 1': barrier.hold });
    const first = one.refresh(current!);
    await barrier.arrived;
    // Not the one that is being refreshed: it has its answer already.
    expect((await tokensIn(await other.refresh(refreshToken))).refresh_token).toBe(current);
    barrier.open();
    await tokensIn(await first);
  });

  it('gets the successor even where that is being refreshed by then', async () => {
    const { refreshToken, first, barrier } = await underWay();
    const looking = new Barrier();
    other.interrupt({ 'before find 3': looking.hold });
    const second = other.refresh(refreshToken);
    await looking.arrived;
    barrier.open();
    const { refresh_token: successor } = await tokensIn(await first);
    const further = new Barrier();
    one.interrupt({ 'before token 1': further.hold });
    const third = one.refresh(successor!);
    await further.arrived;
    looking.open();
    expect((await tokensIn(await second)).refresh_token).toBe(successor);
    further.open();
    await tokensIn(await third);
  });

  it.each([
    ['the provider is down', fault.status(503), expectUnavailable],
    ['the provider refuses our client', fault.status(401, { error: 'invalid_client' }), expectBadGateway],
    [
      'the session has ended at the provider',
      fault.status(400, { error: 'invalid_grant' }),
      (response: Response) => expectOAuthError(response, 400, 'invalid_grant'),
    ],
  ])('shares its failure and makes no attempt of its own, where %s', async (_, failure, expectFailure) => {
    const { refreshToken, first, barrier } = await underWay();
    const { second } = await joining(refreshToken);
    op.faults.set('token', failure);
    barrier.open();
    await expectFailure(await first);
    await expectFailure(await second);
    expect(op.requests('token')).toHaveLength(1);
    expect(other.count('replace')).toBe(0);
  });

  it('makes an attempt of its own where what failed meanwhile is another attempt', async () => {
    const { refreshToken, first, barrier } = await underWay();
    const looking = new Barrier();
    other.interrupt({ 'before find 3': looking.hold });
    const second = other.refresh(refreshToken);
    await looking.arrived;
    op.faults.once('token', fault.status(503), fault.status(503));
    barrier.open();
    await expectUnavailable(await first);
    await expectUnavailable(await one.refresh(refreshToken));
    looking.open();
    await tokensIn(await second);
    expect(op.requests('token')).toHaveLength(3);
  });

  it('ends where the session is ended meanwhile', async () => {
    const { refreshToken, sid, first, barrier } = await underWay();
    const { second } = await joining(refreshToken);
    await other.broker.endSession(sid);
    await expectOAuthError(await second, 400, 'invalid_grant');
    barrier.open();
    await expectOAuthError(await first, 400, 'invalid_grant');
  });

  it('meets a new session no more than any other: each session has a lease of its own', async () => {
    const { first, barrier } = await underWay();
    const { refreshToken } = await other.login();
    const his = await other.refresh(refreshToken);
    barrier.open();
    expect([his.status, (await first).status]).toEqual([200, 200]);
  });
});

describe('taking the lease', () => {
  it('begins anew where somebody else was quicker to write', async () => {
    const { refreshToken } = await one.login();
    op.resetRequests();
    let his: Response | undefined;
    one.interrupt({
      'before replace 1': async () => {
        his = await other.refresh(refreshToken);
      },
    });
    const mine = await tokensIn(await one.refresh(refreshToken));
    expect(mine.refresh_token).toBe((await tokensIn(his!)).refresh_token);
    expect(op.requests('token')).toHaveLength(1);
    expect(one.eventsOf('replayed')).toHaveLength(1);
  });

  it('goes on where the store took it and its answer was lost', async () => {
    const { refreshToken } = await one.login();
    op.resetRequests();
    one.interrupt({ 'after replace 1': lost });
    const next = await tokensIn(await one.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)(
    'does not ask the provider where the store cannot be written (%s)',
    async (when) => {
      const { refreshToken } = await one.login();
      op.resetRequests();
      one.interrupt({ [`${when} replace 1`]: lost, 'before find 2': lost });
      await expectUnavailable(await one.refresh(refreshToken));
      expect(op.requests('token')).toHaveLength(0);
    },
  );

  it('does not ask the provider where the store reads, but does not write', async () => {
    const { refreshToken } = await one.login();
    op.resetRequests();
    one.interrupt({ 'before replace 1': lost });
    await expectUnavailable(await one.refresh(refreshToken));
    expect(op.requests('token')).toHaveLength(0);
    await tokensIn(await one.refresh(refreshToken));
  });
});

function lost(): never {
  throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
}
