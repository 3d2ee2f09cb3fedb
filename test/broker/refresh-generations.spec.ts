import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BrokerRecord, BrokerStore } from '../../lib/index.js';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { decoded, revokedTokens } from '../fixtures/broker.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';

const SECOND = 1_000;

let op: TestOp;
let store: string;
let records: BrokerStore;
let app: RefreshingApplication;
/** Asks when the grace period of everything that happens here is over. */
let later: RefreshingApplication;
beforeAll(async () => {
  [op, store] = await Promise.all([startOp(), freshDatabaseUrl()]);
  records = await openBrokerStore(store);
  await records.setup();
  app = await startRefreshing(op, { store });
  later = await startRefreshing(op, { store, later: 75 * SECOND });
});
afterAll(async () => {
  await Promise.all([app.close(), later.close(), records.close()]);
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  app.interrupt({});
  later.interrupt({});
});

/** Refreshes that many times: all refresh tokens, the first one first. */
async function generations(count: number): Promise<{ sid: string; tokens: string[] }> {
  const { sid, refreshToken } = await app.login();
  const tokens = [refreshToken];
  while (tokens.length <= count) tokens.push((await tokensIn(await app.refresh(tokens.at(-1)!))).refresh_token!);
  op.resetRequests();
  app.interrupt({});
  return { sid, tokens };
}

const stored = async (sid: string) => (await records.find('grant', sid))!;

describe('a refresh token that was rotated a moment ago', () => {
  it('gets the same successor with an access token of its own, nothing written, the provider not asked', async () => {
    const { sid, tokens } = await generations(1);
    const before = await stored(sid);
    const answers = [await tokensIn(await app.refresh(tokens[0]!)), await tokensIn(await app.refresh(tokens[0]!))];
    expect(answers.map((answer) => answer.refresh_token)).toEqual([tokens[1], tokens[1]]);
    const [one, other] = answers.map(({ access_token }) => decoded(access_token).claims);
    expect(one).toMatchObject({ sub: 'alice', sid });
    expect(one!.jti).not.toBe(other!.jti);
    expect(await stored(sid)).toEqual(before);
    expect(op.requests('token')).toHaveLength(0);
    expect(app.eventsOf('replayed')).toEqual([
      { type: 'replayed', sid, generation: 0 },
      { type: 'replayed', sid, generation: 0 },
    ]);
  });

  it('gets it for the grace period that is configured, and no longer', async () => {
    const auth = { refreshGracePeriod: 120 };
    const patient = await startRefreshing(op, { store, auth, later: 75 * SECOND });
    const tooLate = await startRefreshing(op, { store, auth, later: 135 * SECOND });
    // Rotations are remembered for as long as the one who rotates has it configured.
    const { refreshToken, sid } = await patient.login();
    const early = await startRefreshing(op, { store, auth });
    const { refresh_token: successor } = await tokensIn(await early.refresh(refreshToken));
    expect((await tokensIn(await patient.refresh(refreshToken))).refresh_token).toBe(successor);
    await expectOAuthError(await tooLate.refresh(refreshToken), 400, 'invalid_grant');
    expect(tooLate.eventsOf('reuse_detected')).toMatchObject([{ sid }]);
    await Promise.all([patient.close(), tooLate.close(), early.close()]);
  });

  it('is refused where its successor was used, too; the session lives on', async () => {
    const { sid, tokens } = await generations(3);
    for (const straggler of [tokens[0]!, tokens[1]!]) {
      await expectOAuthError(await app.refresh(straggler), 400, 'invalid_grant');
    }
    expect(app.events).toEqual([]);
    expect(app.count('remove')).toBe(0);
    expect(await app.broker.session(sid)).toBeDefined();
    await tokensIn(await app.refresh(tokens[3]!));
  });
});

describe('a refresh token that is used again after the grace period', () => {
  it.each([
    ['the last one', 1],
    ['an older one', 3],
  ])('ends the session, if it is %s, and gives the provider its token back', async (_, count) => {
    const { sid, tokens } = await generations(count);
    await expectOAuthError(await later.refresh(tokens[0]!), 400, 'invalid_grant');
    expect(await app.broker.session(sid)).toBeUndefined();
    expect(later.eventsOf('reuse_detected')).toEqual([{ type: 'reuse_detected', sid, generation: 0 }]);
    expect(later.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'reuse_detected' }]);
    expect(revokedTokens(op)).toHaveLength(1);
    // The thief and the user are out alike.
    for (const token of tokens) await expectOAuthError(await app.refresh(token), 400, 'invalid_grant');
  });

  it('is reuse at once where the grace period is 0', async () => {
    const strict = await startRefreshing(op, { store, auth: { refreshGracePeriod: 0 } });
    const { sid, refreshToken } = await strict.login();
    await tokensIn(await strict.refresh(refreshToken));
    // The rotation is a moment of the past, not this very millisecond.
    const rotatedAt = (await app.broker.session(sid))!.refreshedAt.getTime();
    await eventually(async () => expect(await records.now()).toBeGreaterThan(rotatedAt));
    await expectOAuthError(await strict.refresh(refreshToken), 400, 'invalid_grant');
    expect(strict.eventsOf('reuse_detected')).toHaveLength(1);
    expect(await strict.broker.session(sid)).toBeUndefined();
    await strict.close();
  });

  it('is told of once, however many present it', async () => {
    const { tokens } = await generations(1);
    const others = await startRefreshing(op, { store, later: 75 * SECOND });
    const answers = await Promise.all([later, others, later, others].map((each) => each.refresh(tokens[0]!)));
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect([...later.eventsOf('reuse_detected'), ...others.eventsOf('reuse_detected')]).toHaveLength(1);
    expect(revokedTokens(op)).toHaveLength(1);
    await others.close();
  });

  it('ends the session also where the provider cannot take its token back', async () => {
    const { sid, tokens } = await generations(1);
    await op.down();
    await expectOAuthError(await later.refresh(tokens[0]!), 400, 'invalid_grant');
    expect(await app.broker.session(sid)).toBeUndefined();
  });
});

describe('a refresh token newer than what is stored', () => {
  it('is the current one: the database lost a write that it had acknowledged', async () => {
    const keeping = await startOp({ rotateRefreshTokens: false });
    const forgetful = await startRefreshing(keeping, { store });
    const { sid, refreshToken } = await forgetful.login();
    const lost: BrokerRecord = await stored(sid);
    const { refresh_token: token } = await tokensIn(await forgetful.refresh(refreshToken));
    await records.remove('grant', sid);
    await records.insert('grant', sid, lost);
    const { refresh_token: next } = await tokensIn(await forgetful.refresh(token!));
    expect(generationOf(next!)).toBe(2);
    expect((await tokensIn(await forgetful.refresh(token!))).refresh_token).toBe(next);
    expect(forgetful.eventsOf('reuse_detected')).toEqual([]);
    await forgetful.close();
    await keeping.close();
  });
});

describe('a session that is over', () => {
  it('is not refreshed after sessionMaxTtl, whatever happened in between', async () => {
    const auth = { sessionMaxTtl: 100, accessTokenTtl: 80_000 };
    const short = await startRefreshing(op, { store, auth });
    const { refreshToken } = await short.login();
    const { refresh_token: next, refresh_expires_in: lifetime } = await tokensIn(await short.refresh(refreshToken));
    expect(lifetime).toBeLessThanOrEqual(100);
    const after = await startRefreshing(op, { store, auth, later: 101 * SECOND });
    op.resetRequests();
    await expectOAuthError(await after.refresh(next!), 400, 'invalid_grant');
    expect(op.requests('token')).toHaveLength(0);
    await Promise.all([short.close(), after.close()]);
  });

  it('is not refreshed after refreshTokenTtl without a refresh, and longer with each', async () => {
    const auth = { refreshTokenTtl: 100, accessTokenTtl: 80_000 };
    const now = await startRefreshing(op, { store, auth });
    const soon = await startRefreshing(op, { store, auth, later: 75 * SECOND });
    const after = await startRefreshing(op, { store, auth, later: 130 * SECOND });
    const [used, unused] = [await now.login(), await now.login()];
    const { refresh_token: next } = await tokensIn(await soon.refresh(used.refreshToken));
    await tokensIn(await after.refresh(next!));
    op.resetRequests();
    await expectOAuthError(await after.refresh(unused.refreshToken), 400, 'invalid_grant');
    expect(op.requests('token')).toHaveLength(0);
    await Promise.all([now.close(), soon.close(), after.close()]);
  });

  it('is not replayed either', async () => {
    const auth = { sessionMaxTtl: 10, accessTokenTtl: 80_000 };
    const short = await startRefreshing(op, { store, auth });
    const { refreshToken } = await short.login();
    await tokensIn(await short.refresh(refreshToken));
    const after = await startRefreshing(op, { store, auth, later: 11 * SECOND });
    await expectOAuthError(await after.refresh(refreshToken), 400, 'invalid_grant');
    await Promise.all([short.close(), after.close()]);
  });
});
