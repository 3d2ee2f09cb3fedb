import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { UserAgent } from '../fixtures/user-agent.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

const OTHER_KIND = '401 The token is not an access token, but an ID, refresh or logout token.';
const OTHER_TYPE = '401 The token is not an access token: its header has another "typ".';

let op: TestOp;
let app: VerifyingApplication;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
  app = await startVerifyingApplication(op);
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(() => op.reset());

describe('which tokens count as access tokens', () => {
  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt'])('header typ %s does', async (typ) => {
    expect(await app.verdict(await op.mint({}, { typ: typ as never }))).toBe('accepted');
  });

  it.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'oauth-authz-req+jwt', 'id+jwt', 'state', ''])(
    'header typ "%s" does not',
    async (typ) => {
      expect(await app.verdict(await op.mint({}, { typ }))).toBe(OTHER_TYPE);
    },
  );

  it.each(['Bearer', 'DPoP', 'access'])('payload typ %s (Keycloak) does', async (typ) => {
    expect(await app.verdict(await op.mint({ typ }))).toBe('accepted');
  });

  it.each(['ID', 'Refresh', 'Offline', 'Logout', 'id', 'REFRESH'])(
    'payload typ %s (Keycloak) does not',
    async (typ) => {
      expect(await app.verdict(await op.mint({ typ }))).toBe(OTHER_KIND);
    },
  );

  it.each([
    ['events', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ['at_hash', { at_hash: 'LDktKdoQak3Pk0cnXxCltA' }],
    ['c_hash', { c_hash: 'LDktKdoQak3Pk0cnXxCltA' }],
    ['s_hash', { s_hash: 'LDktKdoQak3Pk0cnXxCltA' }],
    ['at_hash, even an empty one', { at_hash: '' }],
    ['at_hash, even null', { at_hash: null }],
  ])('a token with %s does not', async (_claim, claims) => {
    expect(await app.verdict(await op.mint(claims))).toBe(OTHER_KIND);
  });

  it('a token with a nonce does where it has scopes (Entra ID, Keycloak), else it is an ID token', async () => {
    expect(await app.verdict(await op.mint({ nonce: 'n' }))).toBe('accepted');
    expect(await app.verdict(await op.mint({ nonce: 'n', scope: undefined, scp: 'read' }))).toBe('accepted');
    expect(await app.verdict(await op.mint({ nonce: 'n', scope: undefined }))).toBe(OTHER_KIND);
  });

  it("the provider's own ID token does not, the access token that came with it does", async () => {
    const forUs = await startVerifyingApplication(op, { audience: undefined });
    const login = `${forUs.url}/auth/v2/login?redirect_uri=${encodeURIComponent(`${forUs.url}/auth/v2/callback`)}`;
    const { response } = await new UserAgent().follow(login);
    const tokens = (await response.json()) as { id_token: string; access_token: string };
    expect(await forUs.verdict(tokens.id_token)).toBe(OTHER_KIND);
    expect(await forUs.verdict(tokens.access_token)).toBe('accepted');
    await forUs.close();
  });

  it('a token that is no JWT does not: 401, and one line that helps the operator', async () => {
    const fresh = await startVerifyingApplication(op);
    for (const opaque of ['ya29.a0AfB', 'abcdef', 'a.b.c.d.e.f', 'v2.local']) {
      expect(await fresh.verdict(opaque)).toBe('401 The token is not a JWT.');
    }
    const lines = fresh.operator.containing('opaque access tokens');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('ya29');
    await fresh.close();
  });

  it('an encrypted token (JWE) does not', async () => {
    const header = Buffer.from('{"alg":"RSA-OAEP","enc":"A256GCM"}').toString('base64url');
    expect(await app.verdict(`${header}.AAAA.AAAA.AAAA.AAAA`)).toBe(
      '401 The token is encrypted (JWE), where a signed one (JWS) is expected.',
    );
  });

  it('a JWS whose payload is no object does not', async () => {
    const [header, , signature] = (await op.mint()).split('.');
    for (const payload of ['null', '"alice"', '[]', '{']) {
      expect(await app.verdict(`${header}.${Buffer.from(payload).toString('base64url')}.${signature}`)).toMatch(
        /^401 /,
      );
    }
  });
});
