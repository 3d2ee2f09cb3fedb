import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, type BrokerRecordKind } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { brokerUrl, decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, json, tokensIn } from '../fixtures/responses.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('token exchange, on $name', (adapter) => {
  const store = new MemoryBrokerStore();
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op, { auth: { brokerAudience: 'my-api', brokerStoreObj: store } });
  });
  afterAll(() => app.close());

  const post = (fields: [string, string][], at: Pick<RunningBroker, 'fetch'> = app) =>
    at.fetch('/auth/v2/token', { method: 'POST', body: new URLSearchParams(fields) });

  const exchange = (subject_token: string, more: [string, string][] = [], at?: Pick<RunningBroker, 'fetch'>) =>
    post([['subject_token', subject_token], ['subject_token_type', ACCESS_TOKEN], ...more], at);

  const minted = async (claims: object = {}, more: [string, string][] = []) =>
    decoded((await tokensIn(await exchange(await op.mint({ ...claims }), more))).access_token).claims;

  it('makes of an access token of the provider one of this application', async () => {
    const response = await exchange(await op.mint(), [
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['requested_token_type', ACCESS_TOKEN],
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const tokens = await tokensIn(response);
    expect(tokens).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires: expect.any(Number),
      expires_in: expect.any(Number),
      scope: 'openid profile email',
    });
    expect(await app.verdict(tokens.access_token)).toBe('accepted');
    expect(decoded(tokens.access_token).claims).toMatchObject({ iss: brokerUrl, aud: 'my-api', sub: 'alice' });
    expect(app.eventsOf('minted').at(-1)).toMatchObject({ reason: 'token_exchange', sub: 'alice' });
  });

  it('begins no session: no refresh token, no sid, nothing stored', async () => {
    const kinds: BrokerRecordKind[] = ['grant', 'marker', 'peer'];
    const records = async () => Promise.all(kinds.map((kind) => store.list(kind, {}, { limit: 1_000 })));
    const before = await records();
    const tokens = await tokensIn(await exchange(await op.mint({ sid: 'the-session-at-the-provider' })));
    expect(Object.keys(tokens).filter((name) => name.startsWith('refresh'))).toEqual([]);
    expect(decoded(tokens.access_token).claims).not.toHaveProperty('sid');
    expect(await records()).toEqual(before);
  });

  it('takes JSON, too', async () => {
    const body = { subject_token: await op.mint(), subject_token_type: ACCESS_TOKEN, audience: ['my-api'] };
    expect((await app.fetch('/auth/v2/token', json(body))).status).toBe(200);
  });

  it('gives no longer life than the subject has', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 100;
    const tokens = await tokensIn(await exchange(await op.mint({ exp })));
    expect(tokens.expires).toBe(exp);
    expect(tokens.expires_in).toBeLessThanOrEqual(100);
    expect(decoded(tokens.access_token).claims.exp).toBe(exp);
  });

  it('gives no longer life than tokens have here', async () => {
    const now = Math.floor(Date.now() / 1_000);
    expect((await minted({ exp: now + 86_400 })).exp).toBeLessThanOrEqual(now + 3_601);
  });

  it('tells of the user what the token and userinfo say', async () => {
    const roles = { realm_access: { roles: ['admin'] }, groups: ['/staff'] };
    expect(await minted(roles)).toMatchObject({
      name: 'Alice Liddell',
      email: 'alice@example.org',
      roles: ['/staff', 'admin'],
    });
  });

  describe('the scope', () => {
    it('is that of the subject, or a part of it', async () => {
      expect((await minted({ scope: 'openid orders:read' })).scope).toBe('openid orders:read');
      expect((await minted({}, [['scope', 'email openid']])).scope).toBe('email openid');
      op.faults.once('userinfo', fault.status(200, { sub: 'alice' }));
      expect((await minted({ scope: undefined, scp: ['openid', 'orders'] })).scope).toBe('openid orders');
    });

    it('never grows', async () => {
      const token = await op.mint({ scope: 'openid profile' });
      const response = await exchange(token, [['scope', 'openid orders:write']]);
      await expectOAuthError(response, 400, 'invalid_scope');
    });
  });

  describe('the target', () => {
    it.each<[string, string][][]>([
      [[['audience', 'my-api']]],
      [[['resource', brokerUrl]]],
      [
        [
          ['audience', 'my-api'],
          ['audience', brokerUrl],
          ['resource', 'my-api'],
        ],
      ],
    ])('may be this application: %j', async (...target) => {
      expect((await minted({}, target[0] as never)).aud).toBe('my-api');
    });

    it.each<[string, string][][]>([
      [[['audience', 'other-api']]],
      [[['resource', 'https://other.example.org']]],
      [
        [
          ['audience', 'my-api'],
          ['audience', 'other-api'],
        ],
      ],
      [
        [
          ['audience', 'my-api'],
          ['resource', 'https://other.example.org'],
        ],
      ],
      [[['audience', 'test-api']]],
    ])('is nobody else: %j', async (...target) => {
      await expectOAuthError(await exchange(await op.mint(), target[0] as never), 400, 'invalid_target');
    });

    it('is not named twenty-one times', async () => {
      const many = Array.from({ length: 21 }, (): [string, string] => ['audience', 'my-api']);
      await expectOAuthError(await exchange(await op.mint(), many), 400, 'invalid_request');
    });
  });

  it('demands the claims that the module demands of everybody', async () => {
    const strict = await startBroker(adapter, op, { auth: { claims: { 'realm_access.roles': ['admin'] } } });
    const status = async (claims: object) => (await exchange(await op.mint({ ...claims }), [], strict)).status;
    expect(await status({ realm_access: { roles: ['user', 'admin'] } })).toBe(200);
    expect(await status({ realm_access: { roles: ['user'] } })).toBe(403);
    expect(await status({})).toBe(403);
    await strict.close();
  });

  it('is no grant of pass-through mode', async () => {
    const passThrough = await startApplication(adapter, { auth: clientOptions(op) });
    const response = await exchange(await op.mint(), [], passThrough);
    await expectOAuthError(response, 400, 'unsupported_grant_type');
    await passThrough.close();
  });
});
