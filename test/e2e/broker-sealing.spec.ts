import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyRing } from '../../lib/sealing/key-ring.js';
import { MemoryBrokerStore } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { databases, type BrokerDatabase } from '../fixtures/broker-database.js';
import { brokerUrl, decoded, newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { Secrets } from '../fixtures/secrets.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const sidOf = (accessToken: string) => decoded(accessToken).claims['sid'] as string;

describe.each(databases)('who can read and write the database ($database)', ({ open }) => {
  let db: BrokerDatabase;
  let app: RunningBroker;
  const operator = new OperatorLines();
  beforeEach(async () => {
    operator.clear();
    db = await open();
    app = await start();
  });
  afterEach(async () => {
    await app.close();
    await db.close();
  });

  const start = (auth: object = {}) =>
    startBroker(adapters[1], op, { auth: { brokerStoreUrl: db.url, ...auth }, logger: operator });

  it('learns no token, key or profile from it', async () => {
    const secrets = new Secrets();
    const seal = vi.spyOn(KeyRing.prototype, 'seal');
    op.faults.set(
      'token',
      fault.json((body) => {
        secrets.add('token of the provider', body['refresh_token'], body['access_token'], body['id_token']);
        return body;
      }),
    );
    await app.broker.rotateSigningKey({ revoke: true });
    const first = await signIn(app);
    const next = await tokensIn(await app.refresh(first.refresh_token!));
    secrets.add('token', first.access_token, first.refresh_token, next.access_token, next.refresh_token);
    const { alice } = op.users;
    // Five letters may be in what is random, and a quotation mark is not.
    secrets.add('profile', `"${alice.sub}`, '"admin', alice['name'] as string, alice['email'] as string, 'Liddell');
    secrets.add('scope', 'openid');
    secrets.add('address', op.issuer, brokerUrl);
    const sealed = seal.mock.calls.filter(([purpose]) => purpose === 'record').map(([, , plaintext]) => plaintext);
    seal.mockRestore();
    expect(sealed.join()).toContain('"privateJwk"');
    secrets.add('sealed value', ...sealed.flatMap((plaintext) => plaintext.match(/[\w-]{16,}/g) ?? []));

    const rows = await db.rows();
    expect([...new Set(rows.map(({ kind }) => kind))]).toEqual(['grant', 'key', 'marker', 'schema']);
    const decodedPayloads = rows.map(({ payload }) => Buffer.from(payload, 'base64url').toString('latin1'));
    expect(secrets.foundIn([JSON.stringify(rows), ...decodedPayloads].join('\n'))).toEqual([]);
  });

  it('cannot put one session in the place of another', async () => {
    const [alice, bob] = [await signIn(app), await signIn(app, { login_hint: 'bob' })];
    const rows = await db.rows('grant');
    const row = (tokens: typeof alice) => rows.find(({ id }) => id === sidOf(tokens.access_token))!;
    await db.put({ ...row(alice), payload: row(bob).payload });

    await expectOAuthError(await app.refresh(alice.refresh_token!), 400, 'invalid_grant');
    expect(app.eventsOf('record_unreadable')).toEqual([
      { type: 'record_unreadable', kind: 'grant', id: sidOf(alice.access_token) },
    ]);
    expect(await db.rows('grant')).toHaveLength(2);
    expect((await app.refresh(bob.refresh_token!)).status).toBe(200);
  });

  it('cannot put one key in the place of another, nor a session in the place of a key', async () => {
    await signIn(app);
    await app.broker.rotateSigningKey();
    const [first, second] = await db.rows('key');
    const [grant] = await db.rows('grant');
    await db.put({ ...first!, payload: second!.payload });
    await db.put({ ...second!, id: '7', payload: first!.payload });
    await db.put({ ...second!, id: '8', payload: grant!.payload });
    await db.put({ ...second!, kind: 'grant' });

    const restarted = await start();
    const unreadable = restarted.eventsOf('record_unreadable').map(({ kind, id }) => `${kind} ${id}`);
    expect(unreadable).toEqual(['key 1', 'key 7', 'key 8']);
    expect(await restarted.broker.session('2')).toBeUndefined();
    expect(restarted.eventsOf('record_unreadable').at(-1)).toMatchObject({ kind: 'grant', id: '2' });
    const { keys } = (await (await restarted.fetch('/auth/v2/.well-known/jwks.json')).json()) as { keys: unknown[] };
    expect(keys).toHaveLength(1);
    await restarted.close();
  });

  it.each([
    ['as it is', (jwk: object) => JSON.stringify(jwk)],
    ['in base64url', (jwk: object) => Buffer.from(JSON.stringify(jwk)).toString('base64url')],
  ])('cannot plant a key of his own (%s)', async (_, spell) => {
    const mine = await generateSigningKey('RS256');
    const [row] = await db.rows('key');
    const content = {
      generation: 2,
      alg: 'RS256',
      kid: mine.kid,
      privateJwk: mine.privateJwk,
      createdAt: 0,
      activeFrom: 0,
      oldestValid: 2,
    };
    await db.put({ ...row!, id: '2', version: 1, payload: spell(content) });
    const forged = await op.signWith(mine, { iss: brokerUrl, aud: brokerUrl, sub: 'alice' });

    const restarted = await start();
    for (const at of [app, restarted]) {
      expect(await at.verdict(forged)).toBe('401 The token is signed by a key that its issuer does not publish.');
      expect(await at.verdict((await signIn(at)).access_token)).toBe('accepted');
    }
    expect(restarted.eventsOf('record_unreadable')).toEqual([{ type: 'record_unreadable', kind: 'key', id: '2' }]);
    await restarted.close();
  });

  it('cannot bring a key back that was taken out in an emergency', async () => {
    const stolen = (await signIn(app)).access_token;
    const [row] = await db.rows('key');
    await app.broker.rotateSigningKey({ revoke: true });
    await db.put(row!);

    const restarted = await start();
    for (const at of [app, restarted]) {
      expect(await at.verdict(stolen)).toBe('401 The token is signed by a key that its issuer does not publish.');
      expect(decoded((await signIn(at)).access_token).header.kid).not.toBe(decoded(stolen).header.kid);
    }
    await restarted.close();
  });

  it.each(['zzz', 'NaN', '0', '-1', '9007199254740992'])(
    'cannot keep a key from being replaced by a row that is none: %s',
    async (id) => {
      const [row] = await db.rows('key');
      await db.put({ ...row!, id, payload: 'nonsense' });
      for (let rotation = 0; rotation < 2; rotation++) {
        const { kid } = await app.broker.rotateSigningKey({ revoke: true });
        expect(decoded((await signIn(app)).access_token).header.kid).toBe(kid);
      }
    },
  );

  it("cannot list a session among another user's, or have it ended with his", async () => {
    const [alice, bob] = [await signIn(app), await signIn(app, { login_hint: 'bob' })];
    const rows = await db.rows('grant');
    const { subject } = rows.find(({ id }) => id === sidOf(alice.access_token))!;
    await db.change('grant', { subject });

    expect(await app.broker.sessions(op.issuer, 'alice')).toMatchObject([{ sid: sidOf(alice.access_token) }]);
    expect(await app.broker.endAll(op.issuer, 'alice')).toBe(1);
    expect((await app.refresh(bob.refresh_token!)).status).toBe(200);
  });
});

describe('applications of two providers that share a ring and a table', () => {
  it("read nothing of each other's", async () => {
    const other = await startOp();
    const auth = { brokerStoreObj: new MemoryBrokerStore(), encryptionKeys: [newEncryptionKey()] };
    const brokerIssuer = 'https://other.example.org';
    const [one, two] = [
      await startBroker(adapters[0], op, { auth }),
      await startBroker(adapters[0], other, { auth: { ...auth, brokerIssuer } }),
    ];
    const tokens = await signIn(one);
    await expectOAuthError(await two.refresh(tokens.refresh_token!), 400, 'invalid_grant');
    expect(other.requests('token')).toEqual([]);
    expect((await one.refresh(tokens.refresh_token!)).status).toBe(200);
    await Promise.all([one.close(), two.close()]);
    await other.close();
  });
});

describe('who can write the database', () => {
  let app: RunningBroker;
  const store = new MemoryBrokerStore();
  beforeAll(async () => {
    stopTime();
    app = await startBroker(adapters[0], op, { auth: { brokerStoreObj: store, refreshTokenTtl: 600 } });
  });
  afterAll(async () => {
    await app.close();
    backToRealTime();
  });

  it('cannot make a session last longer', async () => {
    const { access_token, refresh_token } = await signIn(app);
    const record = (await store.find('grant', sidOf(access_token)))!;
    const expiresAt = record.expiresAt + 86_400_000;
    await store.replace('grant', sidOf(access_token), record.version, {
      ...record,
      version: record.version + 1,
      expiresAt,
    });
    pass(601);
    await expectOAuthError(await app.refresh(refresh_token!), 400, 'invalid_grant');
  });
});
