import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  generationOf,
  sessionOf,
  startRefreshing,
  type RefreshingApplication,
  type Session,
} from '../fixtures/refreshing/refreshing.js';
import { LEASE_BEYOND_TIMEOUT } from '../fixtures/refreshing/take-over.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import type { Moment } from '../fixtures/broker-process/interruptions.js';
import { startBrokerProcess, type BrokerProcess } from '../fixtures/broker-process/start-broker-process.js';
import { startReplicaSet, withMongoDatabase, type ReplicaSet } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { failures } from './primary-failures.js';
import { startHolding, type HoldingApplication } from './held-refreshes.js';

/** ms within which everybody has got his tokens, on a busy machine, too. */
const PATIENCE = 45_000;

let set: ReplicaSet;
/** Rotates refresh tokens and punishes reuse: a second use of one, or one that is lost, ends the session. */
let op: TestOp;
let storeUrl: string;
beforeAll(async () => {
  [set, op] = await Promise.all([startReplicaSet(3), startOp()]);
  storeUrl = withMongoDatabase(set.url, 'sessions');
});
afterAll(async () => {
  await op.close();
  await set.remove();
});

/** As a client does that heeds `Retry-After`, only sooner: nothing but tokens or 503 may come. */
async function tokensFrom(
  app: Pick<RefreshingApplication, 'refresh'>,
  refreshToken: string,
  betweenAttempts = () => {},
): Promise<string> {
  const giveUpAt = performance.now() + PATIENCE;
  for (;;) {
    const answer = await app.refresh(refreshToken);
    if (answer.status === 200 || performance.now() > giveUpAt) return (await tokensIn(answer)).refresh_token!;
    await expectUnavailable(answer);
    betweenAttempts();
    await pause(50);
  }
}

const endsIn = (events: readonly { readonly type: string }[]) =>
  events.filter(({ type }) => ['ended', 'reuse_detected', 'upstream_lost'].includes(type));

/** All that a refresh does outside its process, and with the provider's new token in its hand. */
const moments: readonly Moment[] = [
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
  'after replace 3',
];

describe.each(failures)('a primary that $failure in the middle of refreshes', ({ begin }) => {
  let holding: HoldingApplication;
  let other: RefreshingApplication;
  const sessions = new Map<Moment, Session>();
  const answers = new Map<Moment, Response>();

  beforeAll(async () => {
    await op.reset();
    [holding, other] = await Promise.all([startHolding(op, storeUrl), startRefreshing(op, { store: storeUrl })]);
    for (const moment of moments) sessions.set(moment, sessionOf(await signIn(holding)));
    op.resetRequests();
    const held = await Promise.all(
      moments.map(async (moment) => {
        const { answer } = await holding.holdAt(moment, sessions.get(moment)!.refreshToken);
        return [moment, answer] as const;
      }),
    );
    const primary = await set.primary();
    const mend = begin(primary, set);
    holding.letGo();
    await (
      await mend
    )();
    for (const [moment, answer] of held) answers.set(moment, await answer);
  }, 120_000);
  afterAll(() => Promise.all([holding.close(), other.close()]));

  it.each(moments)(
    '%s: the session goes on, with one successor wherever it is asked for',
    async (moment) => {
      const { refreshToken, sid } = sessions.get(moment)!;
      const answer = answers.get(moment)!;
      const mine = answer.status === 200 ? (await tokensIn(answer.clone())).refresh_token! : undefined;
      if (mine === undefined) await expectUnavailable(answer.clone());
      // All of the other application have come to their end: nobody holds a lease any more.
      const his = await tokensFrom(other, refreshToken, () => other.leap(other.timeout + LEASE_BEYOND_TIMEOUT));
      expect(generationOf(his)).toBe(1);
      expect([undefined, his]).toContain(mine);
      expect(generationOf(await tokensFrom(holding, his))).toBe(2);
      const ofThis = [...holding.events, ...other.events].filter((event) => 'sid' in event && event.sid === sid);
      expect(endsIn(ofThis)).toEqual([]);
    },
    120_000,
  );
});

describe('a primary that has lost the majority', () => {
  let app: RefreshingApplication;
  beforeAll(async () => {
    await op.reset();
    app = await startRefreshing(op, { store: storeUrl });
  });
  afterAll(() => app.close());

  it('keeps the provider from being asked: 503 with Retry-After, and nothing is lost', async () => {
    const { refreshToken } = await app.login();
    op.resetRequests();
    const restore = await set.loseMajority();
    const refused = async () => expectUnavailable(await app.refresh(refreshToken));
    await Promise.all([refused(), refused()]);
    // By now it knows, and is primary no more.
    await refused();
    expect(op.requests('token')).toHaveLength(0);
    await restore();
    const successor = await tokensFrom(app, refreshToken, () => app.leap(app.timeout + LEASE_BEYOND_TIMEOUT));
    expect(generationOf(successor)).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
    expect(endsIn(app.events)).toEqual([]);
  }, 120_000);
});

describe('processes that refresh many sessions while primaries come and go', () => {
  const PROCESSES = 2;
  const SESSIONS = 12;

  let processes: BrokerProcess[];
  beforeAll(async () => {
    await op.reset();
    const { discoveryUrl, clients } = op;
    processes = await Promise.all(
      Array.from({ length: PROCESSES }, () => startBrokerProcess({ op: { discoveryUrl, clients }, storeUrl })),
    );
  }, 60_000);
  afterAll(() => Promise.all(processes.map((each) => each.close())));

  it('lose none, and give each token one successor', async () => {
    const logins = await Promise.all(Array.from({ length: SESSIONS }, () => signIn(processes[0] as never)));
    op.resetRequests();
    let isOver = false;
    let refreshes = 0;
    const useSession = async (refreshToken: string): Promise<string> => {
      let token = refreshToken;
      for (let isLast = false; !isLast;) {
        isLast = isOver;
        const successors = await Promise.all(processes.map((each) => tokensFrom(each, token)));
        expect(successors).toEqual(successors.map(() => successors[0]));
        expect(generationOf(successors[0]!)).toBe(generationOf(token) + 1);
        [token] = successors as [string];
        refreshes++;
      }
      return token;
    };
    const failing = (async () => {
      for (const { begin } of failures) {
        const mend = await begin(await set.primary(), set);
        await mend();
      }
      isOver = true;
    })();
    await Promise.all([failing, ...logins.map(({ refresh_token }) => useSession(refresh_token!))]);
    expect(op.requests('token')).toHaveLength(refreshes);
    expect(refreshes).toBeGreaterThan(3 * SESSIONS);
    expect(endsIn(processes.flatMap(({ events }) => events))).toEqual([]);
  }, 240_000);
});
