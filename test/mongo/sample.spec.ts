import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { administerMongo, mongoUrl } from '../fixtures/databases/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import type { SampleError } from '../fixtures/samples/start-sample.js';
import { alice, bob, logIn as logInAt, refresh } from '../fixtures/samples/two-instances.js';
import { startMongooseSample, type MongooseSample } from './mongoose-sample.js';

const START = 120_000;

const logIn = ({ page }: MongooseSample, person = alice) => logInAt(page, page, person);
const sidOf = (token: string) => decodeJwt(token)['sid'] as string;
const sessionOf = (token: string) => expect.objectContaining({ sid: sidOf(token) });

describe('an application that shares its Mongoose connection with the broker', () => {
  let database: string;
  let data: string;
  let sample: MongooseSample;
  beforeAll(async () => {
    database = await mongoUrl();
    data = await mkdtemp(join(tmpdir(), 'mongoose-sample-'));
    sample = await startMongooseSample({ MONGO_URL: database, DATA_FOLDER: data });
  }, START);
  afterAll(async () => {
    await sample?.stop();
    await rm(data, { recursive: true });
  });

  it('lets nobody in without a token', async () => {
    for (const path of ['api/users/me', 'api/users', 'api/sessions']) {
      expect((await sample.call(path)).status).toBe(401);
    }
  });

  it('knows people by issuer and subject: one document each, however many requests and logins there are', async () => {
    const { access_token } = await logIn(sample);
    const me = await Promise.all(Array.from({ length: 20 }, () => sample.json('api/users/me', access_token)));
    const again = await sample.json('api/users/me', (await logIn(sample)).access_token);
    const known = { iss: `${sample.page}api`, sub: 'alice', name: 'Alice Liddell', firstSeen: me[0]!['firstSeen'] };
    for (const answer of [...me, again]) expect(answer).toEqual({ ...known, lastSeen: expect.any(String) });
    expect(Date.parse(String(again['lastSeen']))).toBeGreaterThan(Date.parse(String(again['firstSeen'])));
    await administerMongo(database, async (client) => {
      const users = client.db().collection('users');
      expect(await users.countDocuments({ sub: 'alice' })).toBe(1);
      expect(await users.indexes()).toContainEqual(expect.objectContaining({ key: { iss: 1, sub: 1 }, unique: true }));
    });
  });

  it('shows its users to those with the role, and to nobody else', async () => {
    const [alices, bobs] = [await logIn(sample), await logIn(sample, bob)];
    await sample.json('api/users/me', bobs.access_token);
    expect(await sample.json('api/users', alices.access_token)).toContainEqual(expect.objectContaining({ sub: 'bob' }));
    expect((await sample.call('api/users', bobs.access_token)).status).toBe(403);
  });

  it('refreshes a session, and lists it', async () => {
    const first = await logIn(sample);
    const next = await tokensIn(await refresh(sample.page, first.refresh_token));
    expect(next.refresh_token).not.toBe(first.refresh_token);
    expect(await sample.json('api/sessions', next.access_token)).toContainEqual(
      expect.objectContaining({ sid: sidOf(first.access_token), refreshes: 1 }),
    );
  });

  it('refuses a session that its owner has ended, and lets nobody else end it', async () => {
    const [{ access_token, refresh_token }, bobs] = [await logIn(sample), await logIn(sample, bob)];
    const path = `api/sessions/${sidOf(access_token)}`;
    expect((await sample.call(path, bobs.access_token, 'DELETE')).status).toBe(404);
    const next = await tokensIn(await refresh(sample.page, refresh_token));
    expect((await sample.call(path, access_token, 'DELETE')).status).toBe(204);
    await expectOAuthError(await refresh(sample.page, next.refresh_token), 400, 'invalid_grant');
  });

  it('ends all sessions of a person at once, and of nobody else', async () => {
    const [one, other, bobs] = [await logIn(sample), await logIn(sample), await logIn(sample, bob)];
    const response = await sample.call('api/sessions', one.access_token, 'DELETE');
    const { ended } = (await response.json()) as { ended: number };
    expect(ended).toBeGreaterThanOrEqual(2);
    for (const { refresh_token } of [one, other]) {
      await expectOAuthError(await refresh(sample.page, refresh_token), 400, 'invalid_grant');
    }
    await tokensIn(await refresh(sample.page, bobs.refresh_token));
  });

  it('still knows people, keys and sessions when it has been restarted', { timeout: START }, async () => {
    const { access_token } = await logIn(sample);
    const { firstSeen } = await sample.json('api/users/me', access_token);
    const keys = await sample.json('api/auth/v2/.well-known/jwks.json');
    sample = await sample.restart();
    expect(await sample.json('api/auth/v2/.well-known/jwks.json')).toEqual(keys);
    expect(await sample.json('api/users/me', access_token)).toMatchObject({ sub: 'alice', firstSeen });
    expect(await sample.json('api/sessions', access_token)).toContainEqual(sessionOf(access_token));
  });

  it('has its collection and the broker’s side by side, and nothing else', async () => {
    await sample.json('api/users/me', (await logIn(sample)).access_token);
    await administerMongo(database, async (client) => {
      const collections = await client.db().listCollections().toArray();
      expect(collections.map(({ name }) => name).toSorted()).toEqual(['oidc_auth_records', 'users']);
      const user = await client.db().collection('users').findOne({ sub: 'alice' });
      expect(Object.keys(user!).toSorted()).toEqual(['_id', 'firstSeen', 'iss', 'lastSeen', 'name', 'sub']);
    });
  });

  it('does not print the URL of its database', () => {
    expect(sample.database).toBe('the one at MONGO_URL');
    expect(sample.output()).not.toContain(database);
  });
});

describe('the same with no database given', () => {
  let data: string;
  let sample: MongooseSample;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'mongoose-sample-'));
    sample = await startMongooseSample({ DATA_FOLDER: data });
  }, START);
  afterAll(async () => {
    await sample?.stop();
    await rm(data, { recursive: true });
  });

  it('starts a MongoDB, and finds people and sessions there at the next start', { timeout: START }, async () => {
    const { access_token } = await logIn(sample);
    const { firstSeen } = await sample.json('api/users/me', access_token);
    sample = await sample.restart();
    expect(await sample.json('api/users/me', access_token)).toMatchObject({ sub: 'alice', firstSeen });
    expect(await sample.json('api/sessions', access_token)).toContainEqual(sessionOf(access_token));
  });

  it(
    'ends a session from before a restart at its next refresh, as the demo provider has forgotten it',
    { timeout: START },
    async () => {
      const { access_token, refresh_token } = await logIn(sample);
      sample = await sample.restart();
      await expectOAuthError(await refresh(sample.page, refresh_token), 400, 'invalid_grant');
      expect(await sample.json('api/sessions', access_token)).not.toContainEqual(sessionOf(access_token));
    },
  );

  it('says what to do where it runs already on the same data', { timeout: START }, async () => {
    const second = await startMongooseSample({ DATA_FOLDER: data }).then(
      () => expect.unreachable(),
      (error: SampleError) => error,
    );
    expect(second).toMatchObject({ code: 1 });
    expect(second.output).toContain('Stop it, or set DATA_FOLDER to another folder.');
    expect((await sample.call('api/users/me')).status).toBe(401);
  });

  it('leaves no MongoDB behind', { timeout: START }, async () => {
    const url = sample.database.split(' ')[0]!;
    const ping = () => administerMongo(url, (client) => client.db().command({ ping: 1 }));
    await expect(ping()).resolves.toMatchObject({ ok: 1 });
    expect(await sample.stop()).toBe(0);
    await expect(ping()).rejects.toThrow('ECONNREFUSED');
    sample = await startMongooseSample({ DATA_FOLDER: data });
  });
});
