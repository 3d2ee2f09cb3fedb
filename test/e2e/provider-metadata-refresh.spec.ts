import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

const DAY = 86_400_000;

let op: TestOp;
let app: VerifyingApplication;
beforeAll(async () => {
  op = await startOp();
  app = await startVerifyingApplication(op);
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(async () => {
  await op.reset();
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

const login = () => app.fetch(`/auth/v2/login?redirect_uri=${encodeURIComponent('http://localhost:1/cb')}`);

describe('the metadata of the provider', () => {
  it('is asked for once, and again behind the requests a day later', async () => {
    expect((await login()).status).toBe(302);
    op.resetRequests();
    vi.advanceTimersByTime(DAY - 1_000);
    expect((await login()).status).toBe(302);
    expect(op.requests('discovery')).toHaveLength(0);

    op.faults.once(
      'discovery',
      fault.json((metadata) => ({ ...metadata, authorization_endpoint: `${op.issuer}/moved` })),
    );
    vi.advanceTimersByTime(2_000);
    await expect.poll(async () => (await login()).headers.get('location')).toContain('/moved?');
    expect(op.requests('discovery')).toHaveLength(1);
  });

  it('is kept where that fails, or brings something that cannot be used', async () => {
    for (const broken of [fault.status(503), fault.html, fault.without('jwks_uri')]) {
      op.resetRequests();
      op.faults.once('discovery', broken);
      vi.advanceTimersByTime(5 * DAY); // also beyond the days of the test before
      expect((await login()).status).toBe(302);
      await expect.poll(() => op.requests('discovery')).toHaveLength(1);
      expect((await login()).status).toBe(302);
    }
  });
});
