import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { brokerUrl, decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('token exchange refuses, on $name:', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const post = (fields: [string, string][], at: Pick<RunningBroker, 'fetch'> = app) =>
    at.fetch('/auth/v2/token', { method: 'POST', body: new URLSearchParams(fields) });

  const exchange = (subject_token: string, more: [string, string][] = [], at?: Pick<RunningBroker, 'fetch'>) =>
    post([['subject_token', subject_token], ['subject_token_type', ACCESS_TOKEN], ...more], at);

  describe('the subject', () => {
    it.each([
      [
        'is signed by another key',
        async () => op.signWith({ ...(await generateSigningKey('RS256')), kid: op.currentKid }),
      ],
      ['is of another issuer', () => op.mint({ iss: 'https://other.example.org' })],
      ['names our issuer', () => op.mint({ iss: brokerUrl })],
      ['is for another audience', () => op.mint({ aud: 'other-api' })],
      ['has expired', () => op.mint({ exp: Math.floor(Date.now() / 1_000) - 60 })],
      ['is an ID token', () => op.mint({ aud: 'test-api', nonce: 'n', scope: undefined }, { typ: 'JWT' })],
      ['is a logout token', () => op.mint({ events: {} }, { typ: 'logout+jwt' })],
      ['is bound to a key of its sender', () => op.mint({ cnf: { jkt: 'x' } })],
      ['is no JWT', async () => 'opaque'],
      ['is a refresh token of Keycloak', () => op.mint({ typ: 'Refresh' }, { typ: 'JWT' })],
    ])('is refused where it %s', async (_, subject) => {
      op.resetRequests();
      await expectOAuthError(await exchange(await subject()), 400, 'invalid_request');
      expect(op.requests('userinfo')).toEqual([]);
    });

    it('is never a token of ours, of whichever kind', async () => {
      const { access_token, refresh_token } = await signIn(app);
      const { access_token: exchanged } = await tokensIn(await exchange(await op.mint()));
      for (const token of [access_token, refresh_token!, exchanged]) {
        await expectOAuthError(await exchange(token), 400, 'invalid_request');
      }
    });

    it('is never the ID token that came with a login', async () => {
      const { access_token } = await signIn(app);
      const logout = {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}`, accept: 'application/json' },
      };
      const { logout_url } = (await (await app.fetch('/auth/v2/logout', logout)).json()) as { logout_url: string };
      const idToken = new URL(logout_url).searchParams.get('id_token_hint')!;
      expect(decoded(idToken).claims.sub).toBe('alice');
      await expectOAuthError(await exchange(idToken), 400, 'invalid_request');
    });

    it('may, without a configured audience, be for the client or have been issued to it', async () => {
      const unset = await startBroker(adapter, op, { auth: { audience: undefined } });
      const status = async (claims: object) => (await exchange(await op.mint({ ...claims }), [], unset)).status;
      expect(await status({ aud: 'account', azp: 'confidential-client' })).toBe(200);
      expect(await status({ aud: 'confidential-client', azp: 'other-client' })).toBe(200);
      expect(await status({ aud: 'account', azp: 'other-client' })).toBe(400);
      await unset.close();
    });
  });

  describe('the request', () => {
    it.each<[string, string]>([
      ['actor_token', 'anything'],
      ['actor_token_type', ACCESS_TOKEN],
      ['requested_token_type', 'urn:ietf:params:oauth:token-type:refresh_token'],
      ['requested_token_type', 'urn:ietf:params:oauth:token-type:id_token'],
    ])('is refused with %s %s', async (name, value) => {
      await expectOAuthError(await exchange(await op.mint(), [[name, value]]), 400, 'invalid_request');
    });

    it.each(['id_token', 'refresh_token', 'jwt', 'saml2'])('is refused for a subject of type %s', async (type) => {
      const response = await post([
        ['subject_token', await op.mint()],
        ['subject_token_type', `urn:ietf:params:oauth:token-type:${type}`],
      ]);
      await expectOAuthError(response, 400, 'invalid_request');
    });

    it('says of which type the subject is, and names no second one', async () => {
      const token = await op.mint();
      await expectOAuthError(await post([['subject_token', token]]), 400, 'invalid_request');
      await expectOAuthError(await exchange(token, [['subject_token', token]]), 400, 'invalid_request');
      await expectOAuthError(await exchange(token, [['refresh_token', 'x']]), 400, 'invalid_request');
      await expectOAuthError(await exchange(token, [['grant_type', 'refresh_token']]), 400, 'invalid_request');
    });
  });

  describe('the provider', () => {
    it('is asked whether it still stands by the token', async () => {
      const token = await op.mint();
      await exchange(token);
      expect(op.requests('userinfo').map(({ headers }) => headers.authorization)).toEqual([`Bearer ${token}`]);
    });

    it.each([
      ['of a user it knows no more', { sub: 'mallory' }],
      ['that is not good for userinfo', { scope: 'orders:read' }],
    ])('refuses one %s, and so do we', async (_, claims) => {
      await expectOAuthError(await exchange(await op.mint(claims)), 400, 'invalid_request');
      expect(op.requests('userinfo')).toHaveLength(1);
    });

    it('may not answer for another user', async () => {
      op.faults.once(
        'userinfo',
        fault.json((body) => ({ ...body, sub: 'bob' })),
      );
      await expectOAuthError(await exchange(await op.mint()), 400, 'invalid_request');
    });

    it.each([
      ['down', fault.down],
      ['in trouble', fault.status(500)],
    ])('may be %s: then nobody knows', async (_, trouble) => {
      op.faults.once('userinfo', trouble);
      await expectUnavailable(await exchange(await op.mint()));
    });
  });
});
