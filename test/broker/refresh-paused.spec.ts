import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBrokerProcess, type BrokerProcess } from '../fixtures/broker-process/start-broker-process.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { tokensIn } from '../fixtures/responses.js';
import { eventually, type RefreshingApplication, startRefreshing } from '../fixtures/refreshing/refreshing.js';
import { persistently, takeOver } from '../fixtures/refreshing/take-over.js';

/** ms that a process may be held up after it has taken its lease, with a margin. */
const TOO_LONG = 5_200;

let op: TestOp;
let process: BrokerProcess;
let app: RefreshingApplication;
beforeAll(async () => {
  const store = await freshDatabaseUrl();
  op = await startOp();
  app = await startRefreshing(op, { store });
  const { discoveryUrl, clients } = op;
  process = await startBrokerProcess({ op: { discoveryUrl, clients }, storeUrl: store });
}, 60_000);
afterAll(async () => {
  await Promise.all([process.close(), app.close()]);
  await op.close();
});

it('a process that is stopped with the lease in its hand asks nobody when it goes on', async () => {
  const { refreshToken } = await app.login();
  op.resetRequests();
  const { answer } = await process.pauseAt('after replace 1', refreshToken);
  const stoppedAt = performance.now();
  const his = await tokensIn(await takeOver(app, refreshToken));
  await eventually(() => expect(performance.now() - stoppedAt).toBeGreaterThan(TOO_LONG));
  process.resume();
  const its = await tokensIn(await persistently(process, refreshToken, answer));
  expect(its.refresh_token).toBe(his.refresh_token);
  expect(op.requests('token')).toHaveLength(1);
}, 40_000);
