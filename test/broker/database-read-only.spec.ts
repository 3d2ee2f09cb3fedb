import { afterAll, beforeAll, expect, it } from 'vitest';
import { administer, postgresUrl, startProxy, type DatabaseProxy } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable, tokensIn } from '../fixtures/responses.js';
import {
  eventually,
  generationOf,
  type RefreshingApplication,
  startRefreshing,
} from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let database: string;
let proxy: DatabaseProxy;
let app: RefreshingApplication;
beforeAll(async () => {
  [op, database] = await Promise.all([startOp(), postgresUrl()]);
  proxy = await startProxy(database);
  app = await startRefreshing(op, { store: proxy.url });
});
afterAll(async () => {
  await app.close();
  await proxy.close();
  await op.close();
});

async function setReadOnly(to: 'on' | 'off'): Promise<void> {
  const name = new URL(database).pathname.slice(1);
  await administer(
    database,
    'set default_transaction_read_only = off',
    `alter database ${name} set default_transaction_read_only = ${to}`,
  );
  // For connections that are made from now on.
  proxy.cut();
  proxy.restore();
  // The pool has noticed by the time that something is read.
  await eventually(async () => void (await app.broker.session('unknown')));
}

it('a PostgreSQL that can be read only keeps the provider from being asked: 503 with Retry-After, and nothing is lost', async () => {
  const { refreshToken } = await app.login();
  op.resetRequests();
  await setReadOnly('on');
  app.interrupt({});
  await expectUnavailable(await app.refresh(refreshToken));
  expect(app.count('replace')).toBe(1);
  expect(op.requests('token')).toHaveLength(0);
  await setReadOnly('off');
  expect(generationOf((await tokensIn(await app.refresh(refreshToken))).refresh_token!)).toBe(1);
});
