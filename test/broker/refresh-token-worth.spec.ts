import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let store: string;
let app: RefreshingApplication;
beforeAll(async () => {
  [op, store] = await Promise.all([startOp(), freshDatabaseUrl()]);
  app = await startRefreshing(op, { store });
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  app.interrupt({});
});

/** The same token with some of its bytes changed. */
function forged(refreshToken: string, at: number, value?: number): string {
  const bytes = Buffer.from(refreshToken, 'base64url');
  bytes[at] = value ?? bytes[at]! ^ 1;
  return bytes.toString('base64url');
}

describe('what is no refresh token', () => {
  const sample = Buffer.alloc(53, 1).toString('base64url');
  it.each([
    ['a word', 'refresh'],
    ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'],
    ['one byte too short', Buffer.alloc(52, 1).toString('base64url')],
    ['one byte too long', Buffer.alloc(54, 1).toString('base64url')],
    ['of another format', Buffer.alloc(53, 2).toString('base64url')],
    ['in base64 with other characters', `${sample.slice(0, -1)}+`],
    ['another spelling of the same bytes', `${sample.slice(0, -1)}F`],
    ['in 10,000 characters', 'A'.repeat(10_000)],
  ])('%s is refused, and nobody is asked', async (_, token) => {
    await expectOAuthError(await app.refresh(token), 400, token.length > 4_096 ? 'invalid_request' : 'invalid_grant');
    expect(app.count('find')).toBe(0);
    expect(op.requests('token')).toHaveLength(0);
  });
});

describe('a refresh token that is not the session’s own', () => {
  it('is refused where there is no such session', async () => {
    await expectOAuthError(await app.refresh(Buffer.alloc(53, 1).toString('base64url')), 400, 'invalid_grant');
    expect(op.requests('token')).toHaveLength(0);
  });

  it('is refused with another MAC, and changes nothing', async () => {
    const { refreshToken, sid } = await app.login();
    const before = await app.broker.session(sid);
    op.resetRequests();
    app.interrupt({});
    for (const at of [21, 52]) {
      await expectOAuthError(await app.refresh(forged(refreshToken, at)), 400, 'invalid_grant');
    }
    expect(app.count('replace') + app.count('remove')).toBe(0);
    expect(op.requests('token')).toHaveLength(0);
    expect(app.events).toEqual([]);
    expect(await app.broker.session(sid)).toEqual(before);
  });

  it('is refused where its generation was made up, older or newer, and ends nothing', async () => {
    const { refreshToken, sid } = await app.login();
    const { refresh_token: current } = await tokensIn(await app.refresh(refreshToken));
    for (const generation of [0, 2, 255]) {
      await expectOAuthError(await app.refresh(forged(current!, 20, generation)), 400, 'invalid_grant');
    }
    expect(await app.broker.session(sid)).toBeDefined();
    await tokensIn(await app.refresh(current!));
  });

  it('is refused with the id of another session', async () => {
    const [mine, other] = [await app.login(), await app.login()];
    const bytes = Buffer.from(mine.refreshToken, 'base64url');
    Buffer.from(other.sid, 'base64url').copy(bytes, 1);
    await expectOAuthError(await app.refresh(bytes.toString('base64url')), 400, 'invalid_grant');
    await tokensIn(await app.refresh(mine.refreshToken));
    await tokensIn(await app.refresh(other.refreshToken));
  });
});

describe('the current refresh token', () => {
  it('gets a new access token and its successor, by one request to the provider', async () => {
    const { refreshToken, accessToken } = await app.login();
    op.resetRequests();
    const next = await tokensIn(await app.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(generationOf(refreshToken) + 1);
    expect(next.access_token).not.toBe(accessToken);
    expect(op.requests('token')).toHaveLength(1);
    expect(app.eventsOf('refreshed')).toHaveLength(1);
    expect(app.eventsOf('upstream_refreshed')).toMatchObject([{ rotated: true }]);
  });

  it('is redeemed many times in a row', async () => {
    let { refreshToken } = await app.login();
    for (let generation = 1; generation <= 5; generation++) {
      const next = await tokensIn(await app.refresh(refreshToken));
      expect(generationOf(next.refresh_token!)).toBe(generation);
      refreshToken = next.refresh_token!;
    }
  });
});

describe('a process without a signing key', () => {
  it('asks nobody until it has one: 503 with Retry-After', async () => {
    const { refreshToken } = await app.login();
    op.resetRequests();
    const keyless = await openBrokerStore(store);
    const list = keyless.list.bind(keyless);
    keyless.list = () => Promise.reject(new Error('canceling statement due to statement timeout'));
    const late = await startRefreshing(op, { store: keyless });
    late.interrupt({});
    await expectUnavailable(await late.refresh(refreshToken));
    expect(late.count('replace')).toBe(0);
    expect(op.requests('token')).toHaveLength(0);
    keyless.list = list;
    await eventually(async () => expect((await late.refresh(refreshToken)).status).toBe(200));
    await late.close();
  });
});

describe('a session that cannot be read', () => {
  it('is refused and kept, and is good again when its key is back', async () => {
    const encryptionKeys = [Buffer.alloc(32, 7).toString('base64')];
    const { refreshToken, sid } = await app.login();
    const stranger = await startRefreshing(op, { store: store, auth: { encryptionKeys } });
    await expectOAuthError(await stranger.refresh(refreshToken), 400, 'invalid_grant');
    await expectOAuthError(await stranger.refresh(refreshToken), 400, 'invalid_grant');
    expect(stranger.eventsOf('record_unreadable').filter(({ kind }) => kind === 'grant')).toMatchObject([{ id: sid }]);
    expect(stranger.count('remove') + stranger.count('replace')).toBe(0);
    expect(stranger.eventsOf('reuse_detected')).toEqual([]);
    await stranger.close();
    await tokensIn(await app.refresh(refreshToken));
  });

  it('is answered with 503 where the store fails', async () => {
    const { refreshToken } = await app.login();
    op.resetRequests();
    app.interrupt({
      'before find 1': () => {
        throw new Error('connection terminated');
      },
    });
    await expectUnavailable(await app.refresh(refreshToken));
    expect(op.requests('token')).toHaveLength(0);
    await tokensIn(await app.refresh(refreshToken));
  });
});
