import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bearer } from '../fixtures/application.js';
import { startRedis, type FreezableServer } from '../fixtures/databases/index.js';
import { tokensIn } from '../fixtures/responses.js';
import { logIn, refresh, type TwoInstances } from '../fixtures/samples/two-instances.js';
import { startRedisSample } from './redis-sample.js';

const START = 120_000;
/** The sample's own limit is 4,000: with what a busy machine adds. */
const SOON_MS = 7_000;
const SOME_SECONDS = { timeout: 10_000, interval: 100 };

let redis: FreezableServer;
let data: string;
let sample: TwoInstances;
let session: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  redis = await startRedis();
  data = await mkdtemp(join(tmpdir(), 'redis-gone-'));
  sample = await startRedisSample({ REDIS_URL: redis.url, DATA_FOLDER: data });
}, START);
afterAll(async () => {
  await sample?.stop();
  await redis?.remove();
  await rm(data, { recursive: true });
});
beforeEach(async () => {
  session = await vi.waitFor(() => logIn(sample.one, sample.other), SOME_SECONDS);
});

async function expectUnavailable(instance: string): Promise<void> {
  const started = performance.now();
  const response = await refresh(instance, session.refresh_token);
  expect(performance.now() - started).toBeLessThan(SOON_MS);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
}

/** The session from before, refreshed at each instance: nobody has to log in again. */
async function expectToGoOn(): Promise<void> {
  for (const instance of [sample.one, sample.other]) {
    const response = await vi.waitFor(async () => {
      const answer = await refresh(instance, session.refresh_token);
      expect(answer.status).not.toBe(503);
      return answer;
    }, SOME_SECONDS);
    session = await tokensIn(response);
  }
  const sessions = await fetch(`${sample.one}api/sessions`, bearer(session.access_token));
  const sid = decodeJwt(session.access_token)['sid'];
  expect(await sessions.json()).toContainEqual(expect.objectContaining({ sid, refreshes: 2 }));
}

describe('an application whose Redis was killed', () => {
  afterEach(async () => {
    await redis.kill();
    await redis.start();
  });

  it(
    'answers 503, lets tokens in as before, and has lost nothing when Redis is back',
    { timeout: 60_000 },
    async () => {
      await redis.kill();
      await Promise.all([sample.one, sample.other].map(expectUnavailable));
      const { status } = await fetch(`${sample.other}api/visits`, bearer(session.access_token));
      expect(status).not.toBe(401);
      await redis.start();
      await expectToGoOn();
    },
  );

  it('starts without it, and works when it comes', { timeout: START }, async () => {
    const { env } = sample;
    expect(await sample.stop()).toBe(0);
    await redis.kill();
    sample = await startRedisSample(env);
    const refused = await fetch(`${sample.one}api/auth/v2/.well-known/jwks.json`);
    expect(refused.status).toBe(503);
    await redis.start();
    await vi.waitFor(() => logIn(sample.one, sample.other), SOME_SECONDS);
  });
});

describe('an application whose Redis hangs', () => {
  afterEach(() => redis.thaw());

  it('answers 503 in some seconds, each time, and goes on as soon as Redis does', { timeout: 60_000 }, async () => {
    redis.freeze();
    await expectUnavailable(sample.one);
    // By then the connection has been given up, and another one has no answer either.
    await Promise.all([sample.one, sample.other].map(expectUnavailable));
    redis.thaw();
    await expectToGoOn();
  });
});
