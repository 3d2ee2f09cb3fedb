import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, type BrokerEvent, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { decoded, newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { Secrets } from '../fixtures/secrets.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';

let op: TestOp;
let app: RunningBroker;
let logger: CapturingLogger;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(async () => {
  await op.reset();
  stopTime();
  logger = new CapturingLogger();
});
afterEach(async () => {
  await app.close();
  backToRealTime();
});

// Events pass no adapter.
async function start(auth: Partial<OidcAuthOptions> = {}): Promise<void> {
  app = await startBroker(adapters[1], op, { auth, logger });
}

const sidOf = (tokens: { access_token: string }) => decoded(tokens.access_token).claims['sid'] as string;
const jtiOf = (tokens: { access_token: string }) => decoded(tokens.access_token).claims.jti;

/** What is told while something is done. */
async function told(work: () => Promise<unknown>): Promise<BrokerEvent[]> {
  const before = app.events.length;
  await work();
  return app.events.slice(before);
}

describe('onEvent is told', () => {
  it('that a signing key was made, at the first start', async () => {
    await start();
    expect(app.events).toEqual([{ type: 'key_rotated', kid: expect.any(String), generation: 1, reason: 'first' }]);
  });

  it('of a login and its token', async () => {
    await start();
    let tokens: Awaited<ReturnType<typeof signIn>> | undefined;
    const events = await told(async () => (tokens = await signIn(app)));
    const sid = sidOf(tokens!);
    expect(events).toEqual([
      { type: 'login', sid, iss: op.issuer, sub: 'alice' },
      { type: 'minted', reason: 'login', jti: jtiOf(tokens!), sub: 'alice', sid },
    ]);
  });

  it.each([true, false])('of a refresh, and whether the provider rotated its token: %s', async (rotated) => {
    await start();
    const tokens = await signIn(app);
    const sid = sidOf(tokens);
    if (!rotated) op.faults.once('token', fault.without('refresh_token'));
    let next = tokens;
    const events = await told(async () => (next = await tokensIn(await app.refresh(tokens.refresh_token!))));
    expect(events).toEqual([
      { type: 'upstream_refreshed', sid, rotated },
      { type: 'minted', reason: 'refresh', jti: jtiOf(next), sub: 'alice', sid },
      { type: 'refreshed', sid, generation: 1 },
    ]);
  });

  it('of a refresh token that comes again within the grace period, and of one that comes after it', async () => {
    await start();
    const tokens = await signIn(app);
    const sid = sidOf(tokens);
    await tokensIn(await app.refresh(tokens.refresh_token!));
    let again = tokens;
    const within = await told(async () => (again = await tokensIn(await app.refresh(tokens.refresh_token!))));
    expect(within).toEqual([
      { type: 'minted', reason: 'replay', jti: jtiOf(again), sub: 'alice', sid },
      { type: 'replayed', sid, generation: 0 },
    ]);
    pass(61);
    const after = await told(() => app.refresh(tokens.refresh_token!));
    expect(after).toEqual([
      { type: 'ended', sid, reason: 'reuse_detected' },
      { type: 'reuse_detected', sid, generation: 0 },
    ]);
    const more = await told(() => app.refresh(tokens.refresh_token!));
    expect(more).toEqual([]);
  });

  it('of refreshes that share one request to the provider', async () => {
    await start();
    const tokens = await signIn(app);
    const refresh = () => app.refresh(tokens.refresh_token!);
    const events = await told(() => Promise.all([refresh(), refresh(), refresh()]));
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => type === 'upstream_refreshed')).toHaveLength(1);
    expect(types.filter((type) => type === 'upstream_joined')).toHaveLength(2);
  });

  it('of a provider that fails', async () => {
    await start();
    const tokens = await signIn(app);
    op.faults.once('token', fault.status(500));
    const events = await told(async () => expectUnavailable(await app.refresh(tokens.refresh_token!)));
    expect(events).toEqual([{ type: 'upstream_failed', sid: sidOf(tokens), error: 'provider_unreachable' }]);
  });

  it('of a session that the provider ended', async () => {
    await start();
    const tokens = await signIn(app);
    op.faults.once('token', fault.status(400, { error: 'invalid_grant' }));
    const events = await told(async () =>
      expectOAuthError(await app.refresh(tokens.refresh_token!), 400, 'invalid_grant'),
    );
    expect(events).toEqual([{ type: 'ended', sid: sidOf(tokens), reason: 'upstream_ended' }]);
  });

  it('of a session that was lost with an answer of the provider', async () => {
    await start();
    const tokens = await signIn(app);
    const sid = sidOf(tokens);
    op.faults.once('token', fault.status(500));
    await app.refresh(tokens.refresh_token!);
    op.faults.once('token', fault.status(400, { error: 'invalid_grant' }));
    expect(await told(() => app.refresh(tokens.refresh_token!))).toEqual([
      { type: 'upstream_lost', sid },
      { type: 'ended', sid, reason: 'upstream_lost' },
    ]);
  });

  it('of a session whose user became another', async () => {
    await start();
    const tokens = await signIn(app);
    op.faults.once(
      'userinfo',
      fault.json((body) => ({ ...body, sub: 'bob' })),
    );
    const events = await told(() => app.refresh(tokens.refresh_token!));
    expect(events).toContainEqual({ type: 'ended', sid: sidOf(tokens), reason: 'subject_changed' });
  });

  it('of the end of a session, by its user and by the application', async () => {
    await start();
    const [first, second] = [await signIn(app), await signIn(app)];
    const headers = { authorization: `Bearer ${first.access_token}` };
    expect(await told(() => app.fetch('/auth/v2/logout', { method: 'POST', headers }))).toEqual([
      { type: 'ended', sid: sidOf(first), reason: 'logout' },
    ]);
    expect(await told(() => app.broker.endSession(sidOf(second)))).toEqual([
      { type: 'ended', sid: sidOf(second), reason: 'revoked' },
    ]);
  });

  it('of a record that does not open, once', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    await start({ brokerStoreObj });
    const tokens = await signIn(app);
    await app.close();
    await start({ brokerStoreObj, encryptionKeys: [newEncryptionKey()] });
    expect(app.events.map(({ type }) => type)).toEqual(['record_unreadable', 'key_rotated']);
    const unreadable = { type: 'record_unreadable', kind: 'grant', id: sidOf(tokens) };
    expect(await told(() => app.refresh(tokens.refresh_token!))).toEqual([unreadable]);
    expect(await told(() => app.refresh(tokens.refresh_token!))).toEqual([]);
  });

  it('no secret and no profile', async () => {
    await start();
    const secrets = new Secrets();
    op.faults.set(
      'token',
      fault.json((body) => {
        secrets.add('token of the provider', body['refresh_token'], body['access_token'], body['id_token']);
        return body;
      }),
    );
    const first = await signIn(app);
    const second = await tokensIn(await app.refresh(first.refresh_token!));
    await app.refresh(first.refresh_token!);
    await app.broker.rotateSigningKey({ revoke: true });
    pass(61);
    await app.refresh(first.refresh_token!);
    for (const { access_token, refresh_token } of [first, second]) secrets.add('token', access_token, refresh_token);
    secrets.add('profile', 'Liddell', 'alice@example.org');
    expect(app.events.length).toBeGreaterThan(9);
    expect(secrets.foundIn(JSON.stringify(app.events))).toEqual([]);
  });
});

describe('a listener that fails', () => {
  it.each([
    [
      'throws',
      () => {
        throw new TypeError('the secret of the listener');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('the secret of the listener'))],
  ])('changes nothing, and is told of in the log: it %s', async (_, onEvent) => {
    await start({ onEvent });
    const tokens = await signIn(app);
    expect((await app.refresh(tokens.refresh_token!)).status).toBe(200);
    expect(logger.text('error')).toContain('onEvent failed at the event login: TypeError');
    expect(logger.text()).not.toContain('the secret of the listener');
  });

  it('changes nothing if it never ends', async () => {
    await start({ onEvent: () => new Promise(() => undefined) });
    const tokens = await signIn(app);
    expect((await app.refresh(tokens.refresh_token!)).status).toBe(200);
  });
});

describe('the log', () => {
  it('shows what an operator must know, and the rest to who debugs', async () => {
    await start();
    const tokens = await signIn(app);
    await app.refresh(tokens.refresh_token!);
    pass(61);
    await app.refresh(tokens.refresh_token!);
    const sid = sidOf(tokens);
    expect(logger.text('log')).toMatch(/key rotated: kid=\S+ generation=1 reason=first/);
    expect(logger.text('warn')).toContain(`reuse detected: sid=${sid} generation=0`);
    expect(logger.text('debug')).toContain(`refreshed: sid=${sid} generation=1`);
    expect(logger.text('debug')).toContain(`ended: sid=${sid} reason=reuse_detected`);
    expect(logger.text('warn')).not.toContain('minted');
  });
});
