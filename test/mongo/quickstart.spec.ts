import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startQuickstart, type Quickstart } from '../fixtures/samples/quickstart.js';
import { bearer } from '../fixtures/application.js';
import { administerMongo, mongoUrl } from '../fixtures/databases/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { logIn, refresh } from '../fixtures/samples/two-instances.js';

const START = 120_000;

describe('the quickstart with the URL of a MongoDB as BROKER_STORE_URL', () => {
  let database: string;
  let data: string;
  let quickstart: Quickstart;
  beforeAll(async () => {
    database = await mongoUrl();
    data = await mkdtemp(join(tmpdir(), 'quickstart-'));
    quickstart = await startQuickstart({ BROKER_STORE_URL: database, DATA_FOLDER: data });
  }, START);
  afterAll(async () => {
    await quickstart?.stop();
    await rm(data, { recursive: true });
  });

  const call = (path: string, token: string, method = 'GET') =>
    fetch(`${quickstart.page}${path}`, { ...bearer(token), method });
  const json = async (path: string, token = '') => (await call(path, token)).json();
  const sidOf = (token: string) => decodeJwt(token)['sid'] as string;

  it('logs in, refreshes, and lists the session', async () => {
    const first = await logIn(quickstart.page);
    const next = await tokensIn(await refresh(quickstart.page, first.refresh_token));
    expect(next.refresh_token).not.toBe(first.refresh_token);
    expect(await json('api/demo/sessions', next.access_token)).toContainEqual(
      expect.objectContaining({ sid: sidOf(first.access_token), refreshes: 1, current: true }),
    );
    expect(await json('api/demo/role', next.access_token)).toMatchObject({ sub: 'alice' });
  });

  it('refuses a session that was ended', async () => {
    const { access_token, refresh_token } = await logIn(quickstart.page);
    expect((await call(`api/demo/sessions/${sidOf(access_token)}`, access_token, 'DELETE')).status).toBe(204);
    await expectOAuthError(await refresh(quickstart.page, refresh_token), 400, 'invalid_grant');
  });

  it('finds keys and sessions again when it is restarted', { timeout: START }, async () => {
    const { access_token } = await logIn(quickstart.page);
    const keys = await json('api/auth/v2/.well-known/jwks.json');
    expect(await quickstart.stop()).toBe(0);
    expect(quickstart.output()).not.toMatch(/WARN|ERROR/);
    const port = (url: string) => new URL(url).port;
    quickstart = await startQuickstart({
      BROKER_STORE_URL: database,
      DATA_FOLDER: data,
      PORT: port(quickstart.page),
      IDP_PORT: port(quickstart.provider),
    });
    expect(await json('api/auth/v2/.well-known/jwks.json')).toEqual(keys);
    expect(await json('api/demo/sessions', access_token)).toContainEqual(
      expect.objectContaining({ sid: sidOf(access_token), current: true }),
    );
  });

  it('keeps everything there, in one collection, and no file beside the key', async () => {
    await logIn(quickstart.page);
    expect(await readdir(data)).toEqual(['encryption-key']);
    await administerMongo(database, async (client) => {
      const collections = await client.db().listCollections().toArray();
      expect(collections.map(({ name }) => name)).toEqual(['oidc_auth_records']);
    });
  });

  it('says where its sessions are, without the URL', () => {
    expect(quickstart.output()).toContain('the database at BROKER_STORE_URL');
    expect(quickstart.output()).not.toContain(database);
  });
});
