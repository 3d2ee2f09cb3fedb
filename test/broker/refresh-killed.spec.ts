import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Moment } from '../fixtures/broker-process/interruptions.js';
import { startBrokerProcess } from '../fixtures/broker-process/start-broker-process.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import {
  generationOf,
  type RefreshingApplication,
  type Session,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';
import { LEASE_BEYOND_TIMEOUT, persistently } from '../fixtures/refreshing/take-over.js';

interface Row {
  readonly after: string;
  readonly at: Moment;
  /** Whether the next caller has to wait until the lease of the dead has run out. */
  readonly waits: boolean;
  /** How many times the provider is asked by the next caller. */
  readonly asks: 0 | 1;
  /** Where the answer of the provider died with the process. */
  readonly isLost?: true;
}

/** @param lastWrite which replacement the last write is: there is one more where the provider sends a new token */
const rows = (lastWrite: number): Row[] => [
  { after: 'R2, the look at the session', at: 'after find 1', waits: false, asks: 1 },
  { after: 'R5, before the lease', at: 'before replace 1', waits: false, asks: 1 },
  { after: 'R6, the lease', at: 'after replace 1', waits: true, asks: 1 },
  { after: 'R7, before the provider has the request', at: 'before token 1', waits: true, asks: 1 },
  { after: 'R7, when the provider has answered', at: 'after token 1', waits: true, asks: 1, isLost: true },
  ...(lastWrite === 2 ? [] : rowsOfNewToken),
  { after: 'R9, before userinfo is asked', at: 'before userinfo 1', waits: true, asks: 1 },
  { after: 'R10', at: 'after userinfo 1', waits: true, asks: 1 },
  { after: 'R11, before the last write', at: `before replace ${lastWrite}`, waits: true, asks: 1 },
  { after: 'R12, the last write', at: `after replace ${lastWrite}`, waits: false, asks: 0 },
];

const rowsOfNewToken: Row[] = [
  { after: 'R8, before the new token is written', at: 'before replace 2', waits: true, asks: 1, isLost: true },
  { after: 'R9, the write of the new token', at: 'after replace 2', waits: true, asks: 1 },
];

describe.each([
  { provider: 'a provider that keeps old tokens valid', rotateRefreshTokens: false, lastWrite: 2 },
  { provider: 'a provider that rotates and punishes reuse', rotateRefreshTokens: true, lastWrite: 3 },
])('a process that was killed in the middle of a refresh, at $provider', ({ rotateRefreshTokens, lastWrite }) => {
  let op: TestOp;
  let app: RefreshingApplication;
  const found = new Map<Moment, { session: Session; response: Response; body: Record<string, unknown> }>();

  beforeAll(async () => {
    op = await startOp({ rotateRefreshTokens });
    const store = await freshDatabaseUrl();
    app = await startRefreshing(op, { store });
    const victim = await startBrokerProcess({ op: settingsOf(op), storeUrl: store });
    const sessions = new Map<Moment, Session>();
    for (const { at } of rows(lastWrite)) sessions.set(at, await app.login());
    await Promise.all([...sessions].map(([at, { refreshToken }]) => victim.refreshUntil(at, refreshToken)));
    await victim.kill();
    op.resetRequests();
    app.interrupt({});
    // The next callers, all at once: who has to wait has seen the lease by then.
    const answers = [...sessions].map(async ([at, session]) => {
      const response = await persistently(app, session.refreshToken);
      found.set(at, { session, response, body: (await response.json()) as Record<string, unknown> });
    });
    const waiting = rows(lastWrite).filter(({ waits }) => waits);
    const joined = () => new Set(app.eventsOf('upstream_joined').map(({ sid }) => sid)).size;
    await vi.waitUntil(() => joined() === waiting.length, { timeout: 20_000 });
    await vi.waitUntil(() => found.size === sessions.size - waiting.length, { timeout: 20_000 });
    app.leap(app.timeout + LEASE_BEYOND_TIMEOUT + 1_000);
    await Promise.all(answers);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await op.close();
  });

  it.each(rows(lastWrite))('after $after', async ({ at, waits, asks, isLost }) => {
    const { session, response, body } = found.get(at)!;
    const { sid, refreshToken } = session;
    const ofThis = app.events.filter((event) => 'sid' in event && event.sid === sid).map(({ type }) => type);
    expect(ofThis.includes('upstream_joined')).toBe(waits);
    if (isLost && rotateRefreshTokens) {
      expect([response.status, body['error']]).toEqual([400, 'invalid_grant']);
      expect(ofThis).toEqual(expect.arrayContaining(['upstream_lost', 'ended']));
      return;
    }
    expect([response.status, body]).toMatchObject([200, { refresh_token: expect.any(String) }]);
    expect(generationOf(String(body['refresh_token']))).toBe(generationOf(refreshToken) + 1);
    expect(ofThis.includes('upstream_refreshed')).toBe(asks === 1);
    expect(ofThis.includes('replayed')).toBe(asks === 0);
    // And the session goes on.
    const next = await app.refresh(String(body['refresh_token']));
    expect(next.status).toBe(200);
  });
});

const settingsOf = ({ discoveryUrl, clients }: TestOp) => ({ discoveryUrl, clients });
