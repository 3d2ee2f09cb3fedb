import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { type RefreshingApplication, startRefreshing } from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let app: RefreshingApplication;
const logger = new OperatorLines();
beforeAll(async () => {
  op = await startOp({ alwaysRefreshToken: false });
  app = await startRefreshing(op, { store: await freshDatabaseUrl(), logger });
});
afterAll(async () => {
  await app.close();
  await op.close();
});

it('a provider that gives no refresh token: neither do we, and the operator is told once how to get one', async () => {
  for (const tokens of [await signIn(app), await signIn(app)]) {
    expect(tokens).toMatchObject({ access_token: expect.any(String), expires_in: 3_600 });
    expect(Object.keys(tokens)).not.toEqual(expect.arrayContaining([expect.stringContaining('refresh')]));
    expect(await app.verdict(tokens.access_token)).toBe('accepted');
  }
  const warnings = logger.containing('gave no refresh token');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("offlineAccess: 'always'");
});

it('a user who asks for offline access gets one', async () => {
  const tokens = await signIn(app, { offline_access: 'true', prompt: 'consent' });
  expect((await app.refresh(tokens.refresh_token!)).status).toBe(200);
});
