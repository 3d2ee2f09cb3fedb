import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, form } from '../fixtures/application.js';
import { administerRedis, startRedis, type FreezableServer } from '../fixtures/databases/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { SampleError } from '../fixtures/samples/start-sample.js';
import { bob, logIn, refresh, type TwoInstances } from '../fixtures/samples/two-instances.js';
import { startRedisSample } from './redis-sample.js';

const START = 120_000;

const call = (url: string, token: string, method = 'GET') => fetch(url, { ...bearer(token), method });
const get = async (url: string, token: string) => (await (await call(url, token)).json()) as Record<string, unknown>;
const keysOf = async (instance: string) => (await fetch(`${instance}api/auth/v2/.well-known/jwks.json`)).json();
const sidOf = (token: string) => String(decodeJwt(token)['sid']);

describe('two instances of an application with a store of its own on one Redis', () => {
  let redis: FreezableServer;
  let data: string;
  let sample: TwoInstances;
  beforeAll(async () => {
    redis = await startRedis();
    data = await mkdtemp(join(tmpdir(), 'redis-sample-'));
    sample = await startRedisSample({ REDIS_URL: redis.url, DATA_FOLDER: data });
  }, START);
  afterAll(async () => {
    await sample?.stop();
    await redis?.remove();
    await rm(data, { recursive: true });
  });

  it('let nobody in without a token', async () => {
    for (const path of ['api/visits', 'api/sessions']) expect((await fetch(`${sample.one}${path}`)).status).toBe(401);
  });

  it('have one signing key, and finish a login that began at the other', async () => {
    expect(await keysOf(sample.other)).toEqual(await keysOf(sample.one));
    const { access_token } = await logIn(sample.one, sample.other);
    const { visits, ...person } = await get(`${sample.one}api/visits`, access_token);
    expect(person).toEqual({ iss: `${sample.one}api`, sub: 'alice', name: 'Alice Liddell' });
    expect(await get(`${sample.other}api/visits`, access_token)).toEqual({ ...person, visits: Number(visits) + 1 });
  });

  it('refresh what the other has issued, and list it', async () => {
    const { refresh_token } = await logIn(sample.one);
    const next = await tokensIn(await refresh(sample.other, refresh_token));
    expect(next.refresh_token).not.toBe(refresh_token);
    const last = await tokensIn(await refresh(sample.one, next.refresh_token));
    expect(await get(`${sample.other}api/sessions`, last.access_token)).toContainEqual(
      expect.objectContaining({ sid: sidOf(last.access_token), refreshes: 2 }),
    );
  });

  it('refresh a session once, whichever of them is asked, and however often at once', async () => {
    const { refresh_token } = await logIn(sample.one);
    const instances = Array.from({ length: 10 }, (_, turn) => (turn % 2 === 0 ? sample.one : sample.other));
    const answers = await Promise.all(
      instances.map(async (instance) => tokensIn(await refresh(instance, refresh_token))),
    );
    expect(new Set(answers.map((answer) => answer.refresh_token)).size).toBe(1);
    expect(await get(`${sample.one}api/sessions`, answers[0]!.access_token)).toContainEqual(
      expect.objectContaining({ sid: sidOf(answers[0]!.access_token), refreshes: 1 }),
    );
  });

  it('refuse a session that was logged out at the other', async () => {
    const { access_token, refresh_token } = await logIn(sample.one);
    const { status } = await fetch(`${sample.one}api/auth/v2/logout`, form({ refresh_token: refresh_token! }));
    expect(status).toBe(200);
    await expectOAuthError(await refresh(sample.other, refresh_token), 400, 'invalid_grant');
    const ended = expect.objectContaining({ sid: sidOf(access_token) });
    expect(await get(`${sample.other}api/sessions`, access_token)).not.toContainEqual(ended);
  });

  it('let a session be ended by its owner, and by nobody else', async () => {
    const [{ access_token, refresh_token }, bobs] = [await logIn(sample.one), await logIn(sample.one, sample.one, bob)];
    const path = `api/sessions/${sidOf(access_token)}`;
    expect((await call(`${sample.other}${path}`, bobs.access_token, 'DELETE')).status).toBe(404);
    const next = await tokensIn(await refresh(sample.other, refresh_token));
    expect((await call(`${sample.one}${path}`, access_token, 'DELETE')).status).toBe(204);
    await expectOAuthError(await refresh(sample.other, next.refresh_token), 400, 'invalid_grant');
  });

  it('still know keys and sessions when both have been restarted', { timeout: START }, async () => {
    const { access_token } = await logIn(sample.one);
    const keys = await keysOf(sample.one);
    expect(await sample.stop()).toBe(0);
    expect(sample.output()).not.toMatch(/WARN|ERROR/);
    sample = await startRedisSample(sample.env);
    expect(await keysOf(sample.other)).toEqual(keys);
    expect(await get(`${sample.other}api/sessions`, access_token)).toContainEqual(
      expect.objectContaining({ sid: sidOf(access_token) }),
    );
  });

  it('have the application’s key and the broker’s three side by side, and nothing that ends by itself', async () => {
    const { access_token } = await logIn(sample.one);
    await get(`${sample.one}api/visits`, access_token);
    await administerRedis(redis.url, async (client) => {
      const keys = (await client.keys('*')).toSorted();
      expect(keys).toEqual(['visits', '{oidc-auth}:ends', '{oidc-auth}:lists', '{oidc-auth}:records']);
      for (const key of keys) expect(await client.ttl(key)).toBe(-1);
      expect(await client.hKeys('visits')).toContain(JSON.stringify([`${sample.one}api`, 'alice']));
    });
  });

  it('do not print the URL of their Redis', () => {
    expect(sample.output()).toContain('the one at REDIS_URL');
    expect(sample.output()).not.toContain(redis.url);
  });
});

describe('the same without a Redis of somebody else', () => {
  it('start one, and leave none behind', { timeout: START }, async () => {
    const sample = await startRedisSample({});
    const url = /redis:\/\/\S+/.exec(sample.output())![0];
    const ping = () => administerRedis(url, (client) => client.ping());
    try {
      await logIn(sample.one, sample.other);
      await expect(ping()).resolves.toBe('PONG');
    } finally {
      expect(await sample.stop()).toBe(0);
    }
    await expect(ping()).rejects.toThrow('ECONNREFUSED');
  });

  it('say what to do where there is no redis-server', { timeout: START }, async () => {
    const failed = await startRedisSample({ PATH: '' }).then(
      (sample) => sample.stop(),
      (error: SampleError) => error,
    );
    expect(failed).toBeInstanceOf(SampleError);
    expect(failed).toMatchObject({ code: 1, output: expect.stringMatching(/apt-get install redis-server.*REDIS_URL/) });
  });
});
