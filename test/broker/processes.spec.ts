import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer } from '../fixtures/application.js';
import { databases, type BrokerDatabase } from '../fixtures/broker-database.js';
import { decoded } from '../fixtures/broker.js';
import { startBrokerProcess, type BrokerProcess } from '../fixtures/broker-process/start-broker-process.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { generationOf } from '../fixtures/refreshing/refreshing.js';
import { persistently } from '../fixtures/refreshing/take-over.js';

const MINUTE = 60_000;
const CALLERS = 100;

/** The clock of a file is that of the machine. */
const clocksAt = (database: string) => (database === 'SQLite' ? [0, 0] : [0, 2 * MINUTE, -2 * MINUTE]);

describe.each(databases.map(({ database, open }) => ({ database, open, clocks: clocksAt(database) })))(
  '$clocks.length processes on one $database, with clocks that differ by minutes where there are three',
  ({ open, clocks }) => {
    let op: TestOp;
    let db: BrokerDatabase;
    let processes: BrokerProcess[];
    beforeAll(async () => {
      db = await open();
      op = await startOp();
      const { discoveryUrl, clients } = op;
      // The first boot of all of them at the same moment, on an empty database.
      processes = await Promise.all(
        clocks.map((clockAhead) => startBrokerProcess({ op: { discoveryUrl, clients }, storeUrl: db.url, clockAhead })),
      );
    }, 120_000);
    afterAll(async () => {
      await Promise.all(processes.map((process) => process.close()));
      await db.close();
      await op.close();
    }, 60_000);
    beforeEach(() => op.reset());

    const eventsOf = (sid: unknown, type: string) =>
      processes.flatMap(({ events }) =>
        events.filter((event) => event.type === type && 'sid' in event && event.sid === sid),
      );

    const login = async (process = processes[0]!) => {
      const tokens = await signIn(process as never);
      return { ...tokens, refreshToken: tokens.refresh_token!, sid: decoded(tokens.access_token).claims['sid'] };
    };

    it('made one signing key together', async () => {
      const keys = await Promise.all(
        processes.map(async (process) => {
          const response = await process.fetch('/auth/v2/.well-known/jwks.json');
          return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
        }),
      );
      expect(keys[0]).toHaveLength(1);
      expect(keys).toEqual(processes.map(() => keys[0]));
      expect(processes.flatMap(({ events }) => events.filter(({ type }) => type === 'key_rotated'))).toHaveLength(1);
    });

    it('accept each other’s tokens, and finish each other’s logins', async () => {
      for (const process of processes) {
        const { access_token: token, refreshToken, sid } = await login(process);
        for (const other of processes) {
          expect((await other.fetch('/who-am-i', bearer(token))).status).toBe(200);
        }
        const next = await tokensIn(await processes.at(-1)!.refresh(refreshToken));
        expect(decoded(next.access_token).claims['sid']).toBe(sid);
        expect((await process.fetch('/who-am-i', bearer(next.access_token))).status).toBe(200);
      }
    });

    it(`refresh once at the provider where ${CALLERS} of their callers do at once, and have one successor`, async () => {
      const { refreshToken, sid } = await login();
      op.resetRequests();
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) => processes[caller % processes.length]!.refresh(refreshToken)),
      );
      const tokens = await Promise.all(answers.map(tokensIn));
      expect(op.requests('token')).toHaveLength(1);
      expect(new Set(tokens.map(({ refresh_token: token }) => token)).size).toBe(1);
      expect(generationOf(tokens[0]!.refresh_token!)).toBe(1);
      expect(eventsOf(sid, 'refreshed')).toHaveLength(1);
      expect(eventsOf(sid, 'reuse_detected')).toEqual([]);
      const next = await tokensIn(await processes[1]!.refresh(tokens[0]!.refresh_token!));
      expect(generationOf(next.refresh_token!)).toBe(2);
    });

    it('refresh many sessions at once without losing one, again and again', async () => {
      const sessions = await Promise.all(Array.from({ length: 8 }, () => login()));
      op.resetRequests();
      for (let round = 1; round <= 3; round++) {
        await Promise.all(
          sessions.map(async (session) => {
            const answers = await Promise.all(
              processes.map((process) => persistently(process, session.refreshToken).then(tokensIn)),
            );
            const successors = new Set(answers.map(({ refresh_token: token }) => token!));
            expect([...successors].map(generationOf)).toEqual([round]);
            [session.refreshToken] = [...successors] as [string];
          }),
        );
      }
      expect(op.requests('token')).toHaveLength(3 * sessions.length);
    });
  },
);
