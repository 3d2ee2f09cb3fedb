import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer } from '../fixtures/application.js';
import { revokedTokens } from '../fixtures/broker.js';
import type { Moment } from '../fixtures/broker-process/interruptions.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { type RefreshingApplication, type Session, startRefreshing } from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let app: RefreshingApplication;
let other: RefreshingApplication;
beforeAll(async () => {
  op = await startOp();
  const store = await freshDatabaseUrl();
  [app, other] = await Promise.all([startRefreshing(op, { store }), startRefreshing(op, { store })]);
});
afterAll(async () => {
  await Promise.all([app.close(), other.close()]);
  await op.close();
});

/** The provider's refresh tokens, those of the login and what followed. */
let given: string[];
beforeEach(async () => {
  await op.reset();
  app.interrupt({});
  given = [];
  op.faults.set('token', async (ctx, next) => {
    await next();
    const { refresh_token: token } = ctx.body as { refresh_token?: string };
    // The one before has been used, and is of no use any more.
    if (token !== undefined) given = [token];
  });
});

const moments: Moment[] = [
  'before find 1',
  'after find 1',
  'before replace 1',
  'after replace 1',
  'before token 1',
  'after token 1',
  'before replace 2',
  'after replace 2',
  'before userinfo 1',
  'after userinfo 1',
  'before replace 3',
];

const ends: Record<string, (session: Session) => Promise<unknown>> = {
  'at POST logout': ({ accessToken }) =>
    other.fetch('/auth/v2/logout', { method: 'POST', ...bearer(accessToken), redirect: 'manual' }),
  'by the application': ({ sid }) => other.broker.endSession(sid),
};

describe.each(Object.entries(ends))('a session that is ended %s', (_, end) => {
  it.each(moments)('%s of a refresh stays ended, and the provider has no valid token of it', async (moment) => {
    const session = await app.login();
    op.resetRequests();
    app.interrupt({ [moment]: () => end(session) });
    await expectOAuthError(await app.refresh(session.refreshToken), 400, 'invalid_grant');
    expect(await other.broker.session(session.sid)).toBeUndefined();
    expect(app.eventsOf('refreshed')).toEqual([]);
    for (const each of [app, other]) {
      await expectOAuthError(await each.refresh(session.refreshToken), 400, 'invalid_grant');
    }
    expect(revokedTokens(op)).toEqual(expect.arrayContaining(given));
  });

  it('after the last write of a refresh: its tokens are the last', async () => {
    const session = await app.login();
    op.resetRequests();
    app.interrupt({ 'after replace 3': () => end(session) });
    const { refresh_token: last } = await tokensIn(await app.refresh(session.refreshToken));
    await expectOAuthError(await other.refresh(last!), 400, 'invalid_grant');
    expect(revokedTokens(op)).toEqual(expect.arrayContaining(given));
  });
});

describe('a session whose record cannot be removed', () => {
  it('has ended all the same', async () => {
    const session = await app.login();
    other.interrupt({
      'before remove 1': () => {
        throw new Error('canceling statement due to lock timeout');
      },
    });
    expect(await other.broker.endSession(session.sid)).toBe(true);
    expect(await app.broker.session(session.sid)).toBeUndefined();
    expect(revokedTokens(op)).toHaveLength(1);
    op.resetRequests();
    await expectOAuthError(await app.refresh(session.refreshToken), 400, 'invalid_grant');
    expect(op.requests('token')).toHaveLength(0);
  });
});
