import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { form } from '../fixtures/application.js';
import { revokedTokens } from '../fixtures/broker.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { Barrier } from '../fixtures/broker-process/interruptions.js';
import { fault, startOp, type Fault, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';
import { persistently, takeOver } from '../fixtures/refreshing/take-over.js';

/** Rotates refresh tokens and punishes reuse. */
let rotating: TestOp;
/** Keeps its refresh tokens valid and sends no new ones. */
let keeping: TestOp;
let store: string;
let app: RefreshingApplication;
let other: RefreshingApplication;
let keeper: RefreshingApplication;
beforeAll(async () => {
  [rotating, keeping, store] = await Promise.all([
    startOp(),
    startOp({ rotateRefreshTokens: false }),
    freshDatabaseUrl(),
  ]);
  [app, other, keeper] = await Promise.all([
    startRefreshing(rotating, { store }),
    startRefreshing(rotating, { store }),
    startRefreshing(keeping, { store }),
  ]);
});
afterAll(async () => {
  await Promise.all([app.close(), other.close(), keeper.close()]);
  await Promise.all([rotating.close(), keeping.close()]);
});
beforeEach(async () => {
  await rotating.reset();
  await keeping.reset();
  app.interrupt({});
  other.interrupt({});
  keeper.interrupt({});
});

async function loggedIn(at: RefreshingApplication) {
  const session = await at.login();
  rotating.resetRequests();
  keeping.resetRequests();
  at.interrupt({});
  return session;
}

describe('a provider that cannot refresh at the moment', () => {
  it.each<[string, Fault]>([
    ['answers 500', fault.status(500)],
    ['answers 502 with a page', fault.status(502, '<h1>Bad Gateway</h1>')],
    ['answers 503 with an OAuth error', fault.status(503, { error: 'temporarily_unavailable' })],
    ['answers 429', fault.status(429)],
    ['answers 400 server_error', fault.status(400, { error: 'server_error' })],
    ['answers 400 slow_down', fault.status(400, { error: 'slow_down' })],
    ['sends half an answer', fault.garbage],
    ['sends an empty answer', fault.empty],
    ['sends a page', fault.html],
    ['sends no access token', fault.without('access_token')],
    ['sends what is no object', fault.json(() => ['a', 'list'])],
    ['redirects', fault.redirect('https://elsewhere.example.org/token')],
  ])('%s: 503 with Retry-After, and the next attempt need not wait', async (_, trouble) => {
    const { refreshToken, sid } = await loggedIn(keeper);
    keeping.faults.once('token', trouble);
    await expectUnavailable(await keeper.refresh(refreshToken));
    expect(keeping.requests('token')).toHaveLength(1);
    expect(keeper.eventsOf('upstream_failed')).toEqual([
      { type: 'upstream_failed', sid, error: 'provider_unreachable' },
    ]);
    const next = await tokensIn(await keeper.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(1);
  });

  it('gives no answer: 503 with Retry-After after the option timeout', async () => {
    const impatient = await startRefreshing(keeping, { store, auth: { timeout: 300 } });
    const { refreshToken } = await loggedIn(keeper);
    keeping.faults.once('token', fault.hang);
    await expectUnavailable(await impatient.refresh(refreshToken));
    expect(keeping.requests('token')).toHaveLength(1);
    await tokensIn(await keeper.refresh(refreshToken));
    await impatient.close();
  });

  it('is down: 503 with Retry-After until it is back', async () => {
    const { refreshToken } = await loggedIn(app);
    await rotating.down();
    await expectUnavailable(await app.refresh(refreshToken));
    await expectUnavailable(await app.refresh(refreshToken));
    await rotating.up();
    await tokensIn(await app.refresh(refreshToken));
  });

  it('is asked once more, at once, where the connection broke before any answer', async () => {
    const { refreshToken } = await loggedIn(app);
    rotating.faults.once('token', fault.down);
    await tokensIn(await app.refresh(refreshToken));
    expect(rotating.requests('token')).toHaveLength(2);
    expect(app.count('replace')).toBe(3);
  });

  it('is not asked a third time', async () => {
    const { refreshToken } = await loggedIn(app);
    rotating.faults.set('token', fault.down);
    await expectUnavailable(await app.refresh(refreshToken));
    expect(rotating.requests('token')).toHaveLength(2);
    rotating.faults.clear();
    await tokensIn(await app.refresh(refreshToken));
  });
});

describe('a provider that refuses this application', () => {
  it.each([
    ['invalid_client', fault.status(401, { error: 'invalid_client' })],
    ['unauthorized_client', fault.status(400, { error: 'unauthorized_client' })],
    ['unsupported_grant_type', fault.status(400, { error: 'unsupported_grant_type' })],
    ['invalid_scope', fault.status(400, { error: 'invalid_scope' })],
  ])('by %s: 502; the session lives on', async (_, refusal) => {
    const { refreshToken, sid } = await loggedIn(app);
    rotating.faults.once('token', refusal);
    await expectBadGateway(await app.refresh(refreshToken));
    expect(app.eventsOf('upstream_failed')).toEqual([
      { type: 'upstream_failed', sid, error: 'provider_rejected_client' },
    ]);
    await tokensIn(await app.refresh(refreshToken));
    expect(rotating.requests('token')).toHaveLength(2);
  });
});

describe('a provider that says the session is over', () => {
  const refusal = fault.status(400, { error: 'invalid_grant', error_description: 'Session not active' });

  it('ends it here: 400, once and for all', async () => {
    const { refreshToken, sid } = await loggedIn(app);
    rotating.faults.once('token', refusal);
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_ended' }]);
    expect(app.eventsOf('upstream_lost')).toEqual([]);
    expect(await app.broker.session(sid)).toBeUndefined();
    for (const process of [app, other]) {
      await expectOAuthError(await process.refresh(refreshToken), 400, 'invalid_grant');
    }
    expect(rotating.requests('token')).toHaveLength(1);
  });

  it('because somebody ended it there: 400, and the session is gone here, too', async () => {
    let upstreamToken = '';
    rotating.faults.once('token', async (ctx, next) => {
      await next();
      upstreamToken = (ctx.body as { refresh_token: string }).refresh_token;
    });
    const { refreshToken, sid } = await loggedIn(app);
    const { clientId, clientSecret } = rotating.clients.confidential;
    const authorization = `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
    const revocation = { ...form({ token: upstreamToken }), headers: { authorization } };
    expect((await fetch(`${rotating.issuer}/token/revocation`, revocation)).status).toBe(200);
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_ended' }]);
    expect(await app.broker.session(sid)).toBeUndefined();
  });

  it('changes nothing where the user has logged out meanwhile', async () => {
    const { refreshToken, sid } = await loggedIn(app);
    rotating.faults.once('token', refusal);
    app.interrupt({ 'after token 1': () => other.broker.endSession(sid) });
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(app.eventsOf('ended')).toEqual([]);
    expect(app.count('replace')).toBe(1);
  });

  it('is wrong where another process has a newer token: its successor is handed on', async () => {
    const { refreshToken, sid } = await loggedIn(app);
    const presented = new Barrier();
    app.interrupt({ 'before token 1': presented.hold });
    const slow = persistently(app, refreshToken);
    await presented.arrived;
    await tokensIn(await takeOver(other, refreshToken));
    rotating.faults.once('token', refusal);
    presented.open();
    const answer = await tokensIn(await slow);
    expect(generationOf(answer.refresh_token!)).toBe(1);
    expect(app.eventsOf('replayed')).toHaveLength(1);
    expect(app.eventsOf('ended')).toEqual([]);
    expect(await app.broker.session(sid)).toBeDefined();
  });

  it('is not believed where the lease is another’s by now: he is waited for', async () => {
    const { refreshToken } = await loggedIn(app);
    const presented = new Barrier();
    app.interrupt({ 'before token 1': presented.hold });
    const slow = persistently(app, refreshToken);
    await presented.arrived;
    const taker = new Barrier();
    const takenOver = takeOver(other, refreshToken, { 'before token 1': taker.hold });
    await taker.arrived;
    rotating.faults.once('token', refusal);
    presented.open();
    await eventually(() => expect(app.eventsOf('upstream_joined')).toHaveLength(1));
    taker.open();
    await takenOver;
    expect(generationOf((await tokensIn(await slow)).refresh_token!)).toBe(1);
    expect(app.eventsOf('ended')).toEqual([]);
  });
});

describe('a provider whose answer was lost after it had done what it was asked', () => {
  it('is recovered from where it keeps its refresh tokens', async () => {
    const { refreshToken } = await loggedIn(keeper);
    keeping.faults.once('token', fault.answerLost);
    await tokensIn(await keeper.refresh(refreshToken));
    expect(keeping.requests('token')).toHaveLength(2);
  });

  it('costs the session where it punishes reuse: the second attempt meets a token that has been used', async () => {
    const { refreshToken, sid } = await loggedIn(app);
    rotating.faults.once('token', fault.answerLost);
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(rotating.requests('token')).toHaveLength(2);
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_lost' }]);
    expect(app.eventsOf('upstream_lost')).toEqual([{ type: 'upstream_lost', sid }]);
  });

  it('costs it at the next attempt, too, where there was no time for a second, and the operator learns why', async () => {
    const { refreshToken, sid } = await loggedIn(app);
    rotating.faults.once('token', async (ctx, next) => {
      // Too late for a second attempt: the answer is gone for good.
      await next();
      ctx.status = 504;
      ctx.body = 'gateway timeout';
    });
    await expectUnavailable(await app.refresh(refreshToken));
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(app.eventsOf('upstream_lost')).toEqual([{ type: 'upstream_lost', sid }]);
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_lost' }]);
    expect(await app.broker.session(sid)).toBeUndefined();
  });

  it('leaves no doubt behind once another refresh has succeeded', async () => {
    const { refreshToken, sid } = await loggedIn(keeper);
    keeping.faults.once('token', fault.status(503));
    await expectUnavailable(await keeper.refresh(refreshToken));
    const { refresh_token: next } = await tokensIn(await keeper.refresh(refreshToken));
    keeping.faults.once('token', refusal());
    await expectOAuthError(await keeper.refresh(next!), 400, 'invalid_grant');
    expect(keeper.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_ended' }]);
  });

  it('leaves none where it cannot have got the request', async () => {
    const { refreshToken, sid } = await loggedIn(app);
    await rotating.down();
    await expectUnavailable(await app.refresh(refreshToken));
    await rotating.up();
    rotating.faults.once('token', refusal());
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'upstream_ended' }]);
    expect(revokedTokens(rotating)).toEqual([]);
  });

  const refusal = () => fault.status(400, { error: 'invalid_grant' });
});
