import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer } from '../fixtures/application.js';
import { administer, postgresUrl } from '../fixtures/databases/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { bob, logIn, refresh, startTwoInstances, type TwoInstances } from '../fixtures/samples/two-instances.js';

const START = 240_000; // the first start builds

describe('two instances of an application that shares its PostgreSQL with the broker', () => {
  let database: string;
  let data: string;
  let sample: TwoInstances;
  beforeAll(async () => {
    database = await postgresUrl();
    data = await mkdtemp(join(tmpdir(), 'two-instances-'));
    sample = await startTwoInstances({ POSTGRES_URL: database, DATA_FOLDER: data });
  }, START);
  afterAll(async () => {
    await sample?.stop();
    await rm(data, { recursive: true });
  });

  const json = async (response: Promise<Response>) => (await (await response).json()) as Record<string, unknown>;
  const get = (instance: string, path: string, token: string) => json(fetch(`${instance}${path}`, bearer(token)));
  const keysOf = (instance: string) => json(fetch(`${instance}api/auth/v2/.well-known/jwks.json`));

  it('have one signing key and one issuer', async () => {
    const keys = await keysOf(sample.one);
    expect(keys.keys).toHaveLength(1);
    expect(await keysOf(sample.other)).toEqual(keys);
    const [there, here] = [await logIn(sample.one), await logIn(sample.other)];
    expect(decodeJwt(there.access_token).iss).toBe(decodeJwt(here.access_token).iss);
  });

  it('finish a login that began at the other', async () => {
    const { access_token } = await logIn(sample.one, sample.other);
    expect(await get(sample.one, 'api/account', access_token)).toMatchObject({ sub: 'alice', name: 'Alice Liddell' });
  });

  it('know the same person: one row of the application', async () => {
    const { access_token } = await logIn(sample.one);
    const { iss, sub, firstSeen } = await get(sample.one, 'api/account', access_token);
    expect({ iss, sub }).toEqual({ iss: `${sample.one}api`, sub: 'alice' });
    expect(await get(sample.other, 'api/account', access_token)).toMatchObject({ iss, sub, firstSeen });
  });

  it('refresh what the other has issued', async () => {
    const { refresh_token } = await logIn(sample.one);
    const next = await tokensIn(await refresh(sample.other, refresh_token));
    expect(next.refresh_token).not.toBe(refresh_token);
    const last = await tokensIn(await refresh(sample.one, next.refresh_token));
    const sessions = await get(sample.other, 'api/sessions', last.access_token);
    const { sid } = decodeJwt(last.access_token);
    expect(sessions).toContainEqual(expect.objectContaining({ sid, refreshes: 2 }));
  });

  it('refuse a session that was ended at the other', async () => {
    const first = await logIn(sample.one);
    const { access_token, refresh_token } = await tokensIn(await refresh(sample.other, first.refresh_token));
    const path = `api/sessions/${String(decodeJwt(access_token)['sid'])}`;
    const ended = await fetch(`${sample.one}${path}`, { ...bearer(access_token), method: 'DELETE' });
    expect(ended.status).toBe(204);
    await expectOAuthError(await refresh(sample.other, refresh_token), 400, 'invalid_grant');
  });

  it('let nobody end a session of somebody else', async () => {
    const alices = await logIn(sample.one);
    const bobs = await logIn(sample.one, sample.one, bob);
    const path = `api/sessions/${String(decodeJwt(alices.access_token)['sid'])}`;
    const refused = await fetch(`${sample.other}${path}`, { ...bearer(bobs.access_token), method: 'DELETE' });
    expect(refused.status).toBe(404);
    await tokensIn(await refresh(sample.other, alices.refresh_token));
  });

  it('still know keys and sessions when both have been restarted', { timeout: START }, async () => {
    const { access_token } = await logIn(sample.one);
    const keys = await keysOf(sample.one);
    expect(await sample.stop()).toBe(0);
    sample = await startTwoInstances(sample.env);
    expect(await keysOf(sample.other)).toEqual(keys);
    const { sid } = decodeJwt(access_token);
    expect(await get(sample.other, 'api/sessions', access_token)).toContainEqual(expect.objectContaining({ sid }));
    expect(sample.output()).not.toMatch(/WARN|ERROR/);
  });

  it('keep the application’s table and the broker’s side by side', async () => {
    const [tables] = await administer(
      database,
      "select tablename from pg_tables where schemaname = 'public' order by 1",
    );
    expect(tables).toEqual([{ tablename: 'account' }, { tablename: 'oidc_auth_records' }]);
  });
});
