import { SignJWT, decodeJwt, type JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decoded, revokedTokens } from '../fixtures/broker.js';
import { freshDatabaseUrl } from '../fixtures/databases/index.js';
import { fault, generateSigningKey, startOp, type SigningKey, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { generationOf, type RefreshingApplication, startRefreshing } from '../fixtures/refreshing/refreshing.js';

let op: TestOp;
let app: RefreshingApplication;
beforeAll(async () => {
  op = await startOp({ rolesInIdToken: true });
  app = await startRefreshing(op, { store: await freshDatabaseUrl() });
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(() => op.reset());

async function loggedIn() {
  const session = await app.login();
  op.resetRequests();
  app.interrupt({});
  return session;
}

/** The ID token of the next refresh with claims changed (`undefined`: left out), signed again. */
function nextIdToken(changes: JWTPayload, key: SigningKey = op.currentKey): void {
  op.faults.once('token', async (ctx, next) => {
    await next();
    const body = ctx.body as { id_token: string };
    const claims = { ...decodeJwt(body.id_token), at_hash: undefined, ...changes };
    const header = { alg: key.alg, kid: key.kid, typ: 'JWT' };
    body.id_token = await new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
  });
}

const withoutIdToken = () => op.faults.set('token', fault.without('id_token'));

describe('an ID token that comes with a refresh', () => {
  it.each([
    ['another user', { sub: 'bob' }],
    ['another issuer’s user', { iss: 'https://other.example.org' }],
  ])('of %s ends the session, and the provider gets its token back', async (_, changes) => {
    const { refreshToken, sid } = await loggedIn();
    nextIdToken(changes);
    const response = await app.refresh(refreshToken);
    await expectBadGateway(response);
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'subject_changed' }]);
    expect(await app.broker.session(sid)).toBeUndefined();
    expect(revokedTokens(op)).toHaveLength(1);
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
  });

  it.each<[string, JWTPayload]>([
    ['for another audience', { aud: 'another-client' }],
    ['for one audience more', { aud: ['confidential-client', 'another-client'], azp: 'confidential-client' }],
    ['with another nonce', { nonce: 'another' }],
    ['that has expired', { exp: 1 }],
  ])('%s is refused, and the session lives on', async (_, changes) => {
    const { refreshToken, sid } = await loggedIn();
    nextIdToken(changes);
    await expectBadGateway(await app.refresh(refreshToken));
    expect(app.eventsOf('upstream_failed')).toMatchObject([{ sid }]);
    expect(app.eventsOf('ended')).toEqual([]);
    // The provider's new token has been kept.
    expect(generationOf((await tokensIn(await app.refresh(refreshToken))).refresh_token!)).toBe(1);
  });

  it('with a signature of nobody is refused, and the session lives on', async () => {
    const { refreshToken } = await loggedIn();
    const { kid } = op.currentKey;
    nextIdToken({}, { ...(await generateSigningKey('RS256')), kid });
    await expectBadGateway(await app.refresh(refreshToken));
    await tokensIn(await app.refresh(refreshToken));
  });

  it('without a nonce is accepted, as many providers leave it out (Core §12.2)', async () => {
    const { refreshToken } = await loggedIn();
    nextIdToken({ nonce: undefined });
    const next = await tokensIn(await app.refresh(refreshToken));
    expect(generationOf(next.refresh_token!)).toBe(1);
  });
});

describe('userinfo at a refresh', () => {
  it('that is down: 503 with Retry-After, and the provider’s new token is kept', async () => {
    const { refreshToken } = await loggedIn();
    op.faults.once('userinfo', fault.status(500));
    await expectUnavailable(await app.refresh(refreshToken));
    expect(generationOf((await tokensIn(await app.refresh(refreshToken))).refresh_token!)).toBe(1);
    expect(op.requests('token')).toHaveLength(2);
  });

  it('of another user ends the session', async () => {
    const { refreshToken, sid } = await loggedIn();
    op.faults.once(
      'userinfo',
      fault.json((claims) => ({ ...claims, sub: 'bob' })),
    );
    await expectBadGateway(await app.refresh(refreshToken));
    expect(app.eventsOf('ended')).toEqual([{ type: 'ended', sid, reason: 'subject_changed' }]);
    await expectOAuthError(await app.refresh(refreshToken), 400, 'invalid_grant');
  });

  it('that refuses the token tells no more than the ID token does', async () => {
    const { refreshToken } = await loggedIn();
    op.faults.once('userinfo', async (ctx) => {
      ctx.status = 403;
      ctx.set('www-authenticate', 'Bearer error="insufficient_scope"');
    });
    const { access_token: token } = await tokensIn(await app.refresh(refreshToken));
    expect(decoded(token).claims).toMatchObject({ sub: 'alice', preferred_username: 'alice' });
  });
});

describe.each([
  ['with an ID token', () => {}],
  ['without an ID token', withoutIdToken],
])('a refresh %s', (_, prepare) => {
  const roles = (token: string) => decoded(token).claims['roles'] as string[];

  it('brings the roles of now: one that was taken away is gone, one that was given is there', async () => {
    const { refreshToken, accessToken } = await loggedIn();
    expect(roles(accessToken)).toEqual(['/staff', 'admin', 'editor', 'user']);
    prepare();
    const alice = op.users.alice;
    const before = { ...alice };
    try {
      alice['realm_access'] = { roles: ['user', 'auditor'] };
      delete alice['groups'];
      const next = await tokensIn(await app.refresh(refreshToken));
      expect(roles(next.access_token)).toEqual(['auditor', 'editor', 'user']);
      // And a replay says the same.
      const replayed = await tokensIn(await app.refresh(refreshToken));
      expect(roles(replayed.access_token)).toEqual(['auditor', 'editor', 'user']);
      delete alice['realm_access'];
      delete alice['resource_access'];
      expect(roles((await tokensIn(await app.refresh(next.refresh_token!))).access_token)).toEqual([]);
    } finally {
      Object.assign(alice, before);
    }
  });

  it('brings the name and the e-mail of now', async () => {
    const { refreshToken } = await loggedIn();
    prepare();
    const alice = op.users.alice;
    const { name, email } = alice;
    Object.assign(alice, { name: 'Alice Hargreaves', email: 'alice@hargreaves.example' });
    const next = await tokensIn(await app.refresh(refreshToken));
    Object.assign(alice, { name, email });
    expect(decoded(next.access_token).claims).toMatchObject({
      sub: 'alice',
      name: 'Alice Hargreaves',
      email: 'alice@hargreaves.example',
    });
  });
});
