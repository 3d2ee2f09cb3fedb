import { KeyObject } from 'node:crypto';
import { decodeJwt, type JWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { decoded, forgedToken, type RunningBroker } from '../fixtures/broker.js';
import { generateSigningKey, startOp, type SigningKey, type TestOp } from '../fixtures/op/index.js';
import { sharedAudience } from '../fixtures/peer.js';
import { rawHmacJws, rawJws, unsignedJwt } from '../fixtures/raw-jwt.js';
import { NestAddress, signInAt } from './nest-application.js';
import { PythonPeer } from './peer.js';

const BAD_SIGNATURE = '401 The signature of the token is not valid.';
const UNKNOWN_ISSUER = '401 The token comes from an issuer that is not trusted here.';
const UNKNOWN_KEY = '401 The token is signed by a key that its issuer does not publish.';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op?.close());
beforeEach(() => op.reset());

const now = Math.floor(Date.now() / 1_000);

const spelled = (issuer: string) => [
  `${issuer}/`,
  issuer.replace('127.0.0.1', 'localhost'),
  issuer.replace('http:', 'HTTP:'),
];

/** What somebody may try who has a token, but not the key that signed it. */
function withoutTheKey(token: string, stranger: SigningKey, publicJwk: JWK): Record<string, string> {
  const { header, claims } = decoded(token);
  const pem = KeyObject.from(stranger.publicKey).export({ type: 'spki', format: 'pem' });
  return {
    'by another key of the same id': rawJws(stranger, header, claims),
    'by nobody': unsignedJwt({ ...header, alg: 'none' }, claims),
    'by the public key as a secret': rawHmacJws(JSON.stringify(publicJwk), { ...header, alg: 'HS256' }, claims),
    'by a PEM as a secret': rawHmacJws(pem, { ...header, alg: 'HS256' }, claims),
    'by a key that it brings along': rawJws(stranger, { ...header, jwk: stranger.publicJwk }, claims),
    altered: token.replace(
      /\.[^.]+\./,
      `.${Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url')}.`,
    ),
    'without a signature': `${token.split('.', 2).join('.')}.`,
  };
}

const keysOf = async (issuer: string) =>
  ((await (await fetch(`${issuer}/auth/v2/.well-known/jwks.json`)).json()) as { keys: JWK[] }).keys;

describe.each(adapters)('an application on $name and one in Python that trust each other', (adapter) => {
  let ours: string;
  let app: RunningBroker;
  let peer: PythonPeer;
  let stranger: SigningKey;
  beforeAll(async () => {
    const address = await NestAddress.free();
    ours = address.issuer;
    peer = await PythonPeer.start(op, [ours]);
    app = await address.start(op, { trustedIssuers: [peer.issuer] }, adapter);
    stranger = await generateSigningKey('RS256');
  });
  afterAll(async () => {
    await app?.close();
    await peer?.remove();
  });

  const claimsOf = async (token: string) =>
    (await (await app.fetch('/who-am-i', bearer(token))).json()) as Record<string, unknown>;

  it('know whose user the other’s token is of, by the name that the provider has for people', async () => {
    op.users['u-4711'] = { sub: 'u-4711', preferred_username: 'dora', email: 'dora@example.org' };
    const token = await peer.signIn('u-4711');
    expect(decodeJwt(token)).toMatchObject({ iss: peer.issuer, sub: 'dora', aud: sharedAudience });
    expect(await claimsOf(token)).toMatchObject({ iss: peer.issuer, sub: 'dora', email: 'dora@example.org' });

    const own = await signInAt(app);
    expect(decodeJwt(own)).toMatchObject({ iss: ours, sub: 'dora', aud: sharedAudience });
    expect(await peer.claimsOf(own)).toMatchObject({ iss: ours, sub: 'dora', email: 'dora@example.org' });
  });

  it('still know their own', async () => {
    expect(await claimsOf(await signInAt(app))).toMatchObject({ iss: ours, sub: 'alice' });
    expect(await peer.claimsOf(await peer.signIn('alice'))).toMatchObject({ iss: peer.issuer, sub: 'alice' });
  });

  it('do not take equal names for one user: sessions belong to iss and sub', async () => {
    const token = await peer.signIn('alice');
    await signInAt(app);
    expect((await app.broker.sessions(op.issuer, 'alice')).length).toBeGreaterThan(0);
    expect(await app.broker.sessions(peer.issuer, 'alice')).toEqual([]);
    const logout = await app.fetch('/api/auth/v2/logout', { ...bearer(token), method: 'POST' });
    expect(logout.status).toBe(401);
  });

  it('believe each other’s roles', async () => {
    const admin = await peer.mint({ sub: 'carol', email: null, roles: ['admin'] });
    expect((await app.fetch('/admins', bearer(admin))).status).toBe(200);
    const nobody = await peer.mint({ sub: 'carol', email: null, roles: [] });
    expect((await app.fetch('/admins', bearer(nobody))).status).toBe(403);

    const own = (roles: string[]) => app.broker.mint({ sub: 'carol', roles });
    expect((await peer.fetch('/admins', bearer((await own(['admin'])).access_token))).status).toBe(200);
    expect((await peer.fetch('/admins', bearer((await own(['reader'])).access_token))).status).toBe(403);
  });

  it('get on with what the other does not say: Python no scope and perhaps no email, ours no email of programs', async () => {
    const token = await peer.mint({ sub: 'carol', email: null, roles: [] });
    expect(await claimsOf(token)).toMatchObject({ iss: peer.issuer, sub: 'carol', preferred_username: 'carol' });
    expect(decodeJwt(token)).toMatchObject({ email: null });
    expect(decodeJwt(token)).not.toHaveProperty('scope');
    const userinfo = await app.fetch('/api/auth/v2/userinfo', bearer(token));
    expect(await userinfo.json()).toMatchObject({ username: 'carol', email: null });
    const scoped = await app.fetch('/scoped', bearer(token));
    expect(scoped.status).toBe(403);
    expect(scoped.headers.get('www-authenticate')).toContain('error="insufficient_scope"');

    const { access_token } = await app.broker.mint({ sub: 'a-job' });
    expect(await peer.claimsOf(access_token)).toMatchObject({ iss: ours, sub: 'a-job', email: null });
  });

  it('tell each other nothing of a type that the other cannot read, whatever the provider says of a user', async () => {
    const odd = { name: 5, given_name: {}, email: ['a@example.org'], email_verified: 'who knows', groups: 'staff' };
    op.users['odd'] = { sub: 'odd', preferred_username: 'odd', realm_access: { roles: ['user', 7] }, ...odd };
    op.loginAs = 'odd';
    expect(await peer.claimsOf(await signInAt(app))).toMatchObject({ iss: ours, sub: 'odd', email: null });
  });

  it('issue tokens that are valid at once, for a verifier without leeway', async () => {
    const { iat } = decodeJwt(await signInAt(app));
    expect(iat).toBeLessThanOrEqual(Date.now() / 1_000 - 10);
    // One that was not set back would have to wait.
    const early = await forgedToken(app, { iss: ours, aud: sharedAudience, iat: Math.floor(Date.now() / 1_000) + 30 });
    expect(await peer.verdict(early)).toBe('401 Invalid token: The token is not yet valid (iat)');
  });

  describe('ours', () => {
    it('refuses tokens that the Python one did not sign', async () => {
      const token = await peer.signIn('alice');
      const [key] = await keysOf(peer.issuer);
      for (const [which, forged] of Object.entries(withoutTheKey(token, stranger, key!))) {
        expect(await app.verdict(forged), which).toMatch(/^401 /);
      }
      expect(await app.verdict(rawJws(stranger, decoded(token).header, decoded(token).claims))).toBe(BAD_SIGNATURE);
      expect(await app.verdict(token)).toBe('accepted');
    });

    it('refuses what its key has signed, but in another’s name, for others, for another time or use', async () => {
      expect(await app.verdict(await peer.sign())).toBe('accepted');
      for (const iss of spelled(peer.issuer))
        expect(await app.verdict(await peer.sign({ iss })), iss).toBe(UNKNOWN_ISSUER);
      expect(await app.verdict(await peer.sign({ iss: ours }))).toBe(UNKNOWN_KEY);
      const { kid } = decoded(await signInAt(app)).header;
      expect(await app.verdict(await peer.sign({ iss: ours }, { kid: kid! }))).toBe(BAD_SIGNATURE);
      expect(await app.verdict(await peer.sign({}, { kid: kid! }))).toBe(UNKNOWN_KEY);
      for (const claims of [
        { aud: 'another' },
        { aud: undefined as never },
        { exp: now - 60 },
        { exp: undefined as never },
        { nbf: now + 3_600 },
        { sub: undefined as never },
        { nonce: 'n' },
        { typ: 'Refresh' },
      ]) {
        expect(await app.verdict(await peer.sign(claims)), JSON.stringify(claims)).toMatch(/^401 /);
      }
    });
  });

  describe('the Python one', () => {
    it('refuses tokens that ours did not sign', async () => {
      const token = await signInAt(app);
      const [key] = await keysOf(ours);
      for (const [which, forged] of Object.entries(withoutTheKey(token, stranger, key!))) {
        expect(await peer.verdict(forged), which).toMatch(/^401 /);
      }
      expect(await peer.verdict(token)).toBe('accepted');
    });

    it('refuses what our key has signed, but in another’s name, for others, for another time, or under its id', async () => {
      const signed = (claims: object = {}, header: object = {}) =>
        forgedToken(app, { iss: ours, aud: sharedAudience, ...claims }, header);
      expect(await peer.verdict(await signed())).toBe('accepted');
      for (const iss of [...spelled(ours), peer.issuer]) {
        expect(await peer.verdict(await signed({ iss })), iss).toMatch(/^401 Invalid token: Untrusted issuer/);
      }
      expect(await peer.verdict(await signed({ aud: 'another' }))).toBe("401 Invalid token: Audience doesn't match");
      expect(await peer.verdict(await signed({ iat: now - 600, exp: now - 60 }))).toBe('401 Token has expired.');
      const { kid } = decoded(await peer.sign()).header;
      for (const claims of [{}, { iss: peer.issuer }]) {
        expect(await peer.verdict(await signed(claims, { kid }))).toBe(
          '401 Invalid token: Signature verification failed',
        );
      }
      expect(await peer.verdict(await signed({}, { kid: undefined }))).toMatch(/^401 /);
    });
  });
});
