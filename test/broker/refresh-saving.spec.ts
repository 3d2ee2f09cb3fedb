import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { revokedTokens } from '../fixtures/broker.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { Barrier, type Plan } from '../fixtures/broker-process/interruptions.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';
import { persistently, takeOver } from '../fixtures/refreshing/take-over.js';

/** Rotates refresh tokens and punishes reuse. */
let op: TestOp;
let app: RefreshingApplication;
let other: RefreshingApplication;
beforeAll(async () => {
  op = await startOp();
  const store = await freshDatabaseUrl();
  const start = () => startRefreshing(op, { store });
  [app, other] = await Promise.all([start(), start()]);
});
afterAll(async () => {
  await Promise.all([app.close(), other.close()]);
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  app.interrupt({});
  other.interrupt({});
});

async function loggedIn() {
  const session = await app.login();
  op.resetRequests();
  return session;
}

/** Of a provider that grants although its refresh token has been used. */
const opaqueAnswer = { access_token: 'opaque', token_type: 'Bearer', expires_in: 60 };

function lost(): never {
  throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
}

async function expectAliveWith(refreshToken: string): Promise<void> {
  app.interrupt({});
  const next = await tokensIn(await app.refresh(refreshToken));
  expect(generationOf(next.refresh_token!)).toBe(generationOf(refreshToken) + 1);
}

describe.each([
  ['the provider’s new token', 2],
  ['the new generation', 3],
])('%s is written', (_, write) => {
  it.each<[string, Plan]>([
    ['where the store did it and its answer was lost', { [`after replace ${write}`]: lost }],
    ['where the store did not do it', { [`before replace ${write}`]: lost }],
    [
      'where the store fails for a while',
      {
        [`before replace ${write}`]: lost,
        [`before replace ${write + 1}`]: lost,
        [`before replace ${write + 2}`]: lost,
      },
    ],
    [
      'where neither the write is answered nor a look at what became of it',
      { [`after replace ${write}`]: lost, [`before find 2`]: lost, 'before find 3': lost },
    ],
  ])('%s', async (_, plan) => {
    const { refreshToken } = await loggedIn();
    app.interrupt(plan);
    const next = await tokensIn(await app.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
    expect(app.eventsOf('refreshed')).toHaveLength(1);
    expect(app.eventsOf('upstream_refreshed')).toHaveLength(1);
    await expectAliveWith(next.refresh_token!);
  });

  it('not where the user logs out meanwhile: nothing is revived, and the provider gets its new token back', async () => {
    const { refreshToken, sid } = await loggedIn();
    app.interrupt({ [`before replace ${write}`]: () => other.broker.endSession(sid) });
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(await other.broker.session(sid)).toBeUndefined();
    expect(app.count('insert')).toBe(0);
    const [byLogout, byRefresh] = revokedTokens(op);
    const [presented] = op.requests('token').map(({ form }) => form['refresh_token']);
    expect(byRefresh).not.toBe(presented);
    expect(byLogout === presented).toBe(write === 2);
    expect(app.eventsOf('refreshed')).toEqual([]);
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
  });

  it('not where the session has ended for another user', async () => {
    const { refreshToken, sid } = await loggedIn();
    app.interrupt({
      [`before replace ${write}`]: async () => {
        op.faults.once('token', fault.status(200, opaqueAnswer));
        op.faults.once('userinfo', fault.status(200, { sub: 'bob' }));
        expect((await takeOver(other, refreshToken)).status).toBe(502);
      },
    });
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(await other.broker.session(sid)).toBeUndefined();
    expect(revokedTokens(op).length).toBeGreaterThan(0);
  });
});

describe('the provider’s new token, where somebody else was at the session meanwhile,', () => {
  it('is written beside his lease; he finds it', async () => {
    const { refreshToken } = await loggedIn();
    const late = new Barrier();
    let his: Promise<Response> | undefined;
    app.interrupt({
      'before replace 2': async () => {
        his = takeOver(other, refreshToken, { 'before token 1': late.hold });
        await late.arrived;
      },
    });
    const mine = await tokensIn(await persistently(app, refreshToken));
    // The provider refuses the token that was stored before.
    op.faults.once('token', fault.status(400, { error: 'invalid_grant' }));
    late.open();
    expect((await tokensIn(await his!)).refresh_token).toBe(mine.refresh_token);
    await expectAliveWith(mine.refresh_token!);
  });

  it('is better evidence than the provider’s refusal of the old one: the session lives on', async () => {
    const { refreshToken, sid } = await loggedIn();
    app.interrupt({
      'before replace 2': async () => {
        op.faults.once('token', fault.status(400, { error: 'invalid_grant' }));
        await expectOAuthError(await takeOver(other, refreshToken), 400, 'invalid_grant');
        expect(await other.broker.session(sid)).toBeUndefined();
      },
    });
    const next = await tokensIn(await app.refresh(refreshToken));
    // He could not know whether the one whose lease had run out had heard the answer.
    expect(other.eventsOf('upstream_lost')).toHaveLength(1);
    expect(revokedTokens(op)).toEqual([]);
    await expectAliveWith(next.refresh_token!);
  });

  it('gives way to his, and is not revoked, where he has stored his own', async () => {
    const { refreshToken } = await loggedIn();
    const storing = new Barrier();
    let his: Promise<Response> | undefined;
    app.interrupt({
      'before replace 2': async () => {
        // One that grants several times with one token, as some do.
        op.faults.once('token', fault.status(200, { ...opaqueAnswer, refresh_token: 'his' }));
        his = takeOver(other, refreshToken, { 'before replace 3': storing.hold });
        await storing.arrived;
      },
    });
    const mine = persistently(app, refreshToken);
    await eventually(() => expect(app.eventsOf('upstream_joined')).toHaveLength(1));
    storing.open();
    expect((await tokensIn(await mine)).refresh_token).toBe((await tokensIn(await his!)).refresh_token);
    expect(revokedTokens(op)).toEqual([]);
    expect(app.eventsOf('refreshed')).toEqual([]);
  });
});

describe('the new generation', () => {
  it('is his where somebody else was quicker: both have the same successor', async () => {
    const { refreshToken } = await loggedIn();
    let his: Response | undefined;
    app.interrupt({
      'before replace 3': async () => {
        his = await takeOver(other, refreshToken);
      },
    });
    const mine = await tokensIn(await persistently(app, refreshToken));
    expect(mine.refresh_token).toBe((await tokensIn(his!)).refresh_token);
    expect(app.eventsOf('refreshed')).toEqual([]);
    expect(other.eventsOf('refreshed')).toHaveLength(1);
    await expectAliveWith(mine.refresh_token!);
  });

  it('is his also where the provider keeps its tokens and sends no new one', async () => {
    const { refreshToken } = await loggedIn();
    op.faults.set('token', fault.without('refresh_token'));
    op.faults.once('token', fault.without('refresh_token'), fault.status(200, opaqueAnswer));
    let his: Response | undefined;
    app.interrupt({
      'before replace 2': async () => {
        his = await takeOver(other, refreshToken);
      },
    });
    const mine = await tokensIn(await persistently(app, refreshToken));
    expect(mine.refresh_token).toBe((await tokensIn(his!)).refresh_token);
    expect(app.eventsOf('refreshed')).toEqual([]);
  });

  it('is mine where he has only stored a lease, which stays his', async () => {
    const { refreshToken } = await loggedIn();
    const late = new Barrier();
    let his: Promise<Response> | undefined;
    app.interrupt({
      'before replace 3': async () => {
        his = takeOver(other, refreshToken, { 'before token 1': late.hold });
        await late.arrived;
      },
    });
    const mine = await tokensIn(await persistently(app, refreshToken));
    app.interrupt({});
    const next = persistently(app, mine.refresh_token!);
    // The provider's token is in his hand: nobody else may use it.
    await eventually(() => expect(app.eventsOf('upstream_joined')).toHaveLength(1));
    expect(app.count('replace')).toBe(0);
    late.open();
    expect((await his!).status).toBe(200);
    await expectAliveWith((await tokensIn(await next)).refresh_token!);
  });
});

describe('a store that is gone', () => {
  it('for more than a minute after the provider’s answer: 503, and no more attempts', async () => {
    const { refreshToken } = await loggedIn();
    const gone = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `before replace ${index + 2}`,
        () => {
          app.leap(31_000);
          lost();
        },
      ]),
    );
    app.interrupt(gone);
    await expectUnavailable(await app.refresh(refreshToken));
    expect(app.count('replace')).toBeLessThan(6);
    // What the provider sent is lost with it, and that is told.
    await expectOAuthError(await takeOver(other, refreshToken), 400, 'invalid_grant');
    expect(other.eventsOf('upstream_lost')).toHaveLength(1);
  });
});
