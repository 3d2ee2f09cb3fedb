import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { brokerUrl, decoded, revokedTokens, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
let app: RunningBroker;
beforeAll(async () => {
  op = await startOp();
  app = await startBroker(adapters[0], op);
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  for (const user of ['alice', 'bob']) await app.broker.endAll(op.issuer, user);
  op.resetRequests();
});

const sidOf = (tokens: { access_token: string }) => decoded(tokens.access_token).claims['sid'] as string;

describe('TokenBroker.sessions', () => {
  it('lists the sessions of a user, the oldest first', async () => {
    const since = Date.now();
    const first = await signIn(app);
    const second = await signIn(app);
    await signIn(app, { login_hint: 'bob' });
    await tokensIn(await app.refresh(second.refresh_token!));

    const sessions = await app.broker.sessions(op.issuer, 'alice');
    expect(sessions.map(({ sid }) => sid)).toEqual([sidOf(first), sidOf(second)]);
    expect(sessions[1]).toEqual({
      sid: sidOf(second),
      iss: op.issuer,
      sub: 'alice',
      preferred_username: 'alice',
      scope: 'openid profile email',
      createdAt: expect.any(Date),
      refreshedAt: expect.any(Date),
      expiresAt: expect.any(Date),
      refreshes: 1,
    });
    const [{ createdAt, refreshedAt, expiresAt }] = sessions.slice(1) as [(typeof sessions)[0]];
    expect(createdAt.getTime()).toBeGreaterThanOrEqual(since - 5);
    expect(refreshedAt.getTime()).toBeGreaterThan(createdAt.getTime());
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });

  it("finds them by this application's own issuer, too, as it stands in tokens", async () => {
    const tokens = await signIn(app);
    const { iss, sub } = decoded(tokens.access_token).claims as { iss: string; sub: string };
    expect(await app.broker.sessions(iss, sub)).toMatchObject([{ sid: sidOf(tokens), iss: op.issuer }]);
  });

  it('knows users by issuer and subject together', async () => {
    await signIn(app);
    expect(await app.broker.sessions('https://other.example.org', 'alice')).toEqual([]);
    expect(await app.broker.sessions(op.issuer, 'mallory')).toEqual([]);
    expect(await app.broker.sessions(`${op.issuer}\0alice`, '')).toEqual([]);
  });

  it("says that subject: 'username' leaves the provider's issuer only", async () => {
    const named = await startBroker(adapters[1], op, { auth: { subject: 'username' } });
    const tokens = await signIn(named);
    await expect(named.broker.sessions(brokerUrl, 'alice')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(named.broker.endAll(brokerUrl, 'alice')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await named.broker.session(sidOf(tokens))).toMatchObject({ iss: op.issuer, sub: 'alice' });
    await named.close();
  });
});

describe('TokenBroker.session', () => {
  it('tells of one session, and of none', async () => {
    const tokens = await signIn(app);
    const [listed] = await app.broker.sessions(op.issuer, 'alice');
    expect(await app.broker.session(sidOf(tokens))).toEqual(listed);
    expect(await app.broker.session('A'.repeat(22))).toBeUndefined();
  });
});

describe('TokenBroker.endSession', () => {
  it('ends one session, here and at the provider, once', async () => {
    const [mine, other] = [await signIn(app), await signIn(app)];
    expect(await app.broker.endSession(sidOf(mine))).toBe(true);
    expect(await app.broker.endSession(sidOf(mine))).toBe(false);
    expect(app.eventsOf('ended').at(-1)).toEqual({ type: 'ended', sid: sidOf(mine), reason: 'revoked' });
    expect(revokedTokens(op)).toHaveLength(1);
    await expectOAuthError(await app.refresh(mine.refresh_token!), 400, 'invalid_grant');
    expect(await app.verdict(mine.access_token)).toBe('accepted');
    expect((await app.refresh(other.refresh_token!)).status).toBe(200);
  });

  it('is true for one of two callers at once', async () => {
    const sid = sidOf(await signIn(app));
    const ended = await Promise.all([app.broker.endSession(sid), app.broker.endSession(sid)]);
    expect(ended.toSorted()).toEqual([false, true]);
    expect(app.eventsOf('ended').filter((event) => event.sid === sid)).toHaveLength(1);
  });
});

describe('TokenBroker.endAll', () => {
  it.each([
    ['the provider', () => op.issuer],
    ['this application', () => brokerUrl],
  ])('ends all sessions of a user, by the issuer of %s, and nobody else', async (_, issuer) => {
    const [first, second] = [await signIn(app), await signIn(app)];
    const bob = await signIn(app, { login_hint: 'bob' });
    expect(await app.broker.endAll(issuer(), 'alice')).toBe(2);
    for (const { refresh_token } of [first, second]) {
      await expectOAuthError(await app.refresh(refresh_token!), 400, 'invalid_grant');
    }
    expect((await app.refresh(bob.refresh_token!)).status).toBe(200);
    expect(revokedTokens(op)).toHaveLength(2);
    expect(await app.broker.endAll(issuer(), 'alice')).toBe(0);
  });
});
