import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { brokerUrl, decoded, revokedTokens, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
let app: RunningBroker;
const operator = new OperatorLines();
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());
afterEach(() => app.close());

// What a token says passes no adapter.
async function start(auth: Partial<OidcAuthOptions> = {}): Promise<void> {
  app = await startBroker(adapters[1], op, { auth, logger: operator });
}

async function claimsAtLogin(auth: Partial<OidcAuthOptions> = {}): Promise<Record<string, unknown>> {
  await start(auth);
  return decoded((await signIn(app)).access_token).claims;
}

describe('the claims of a token of ours', () => {
  it('are these, and no others', async () => {
    expect(await claimsAtLogin()).toEqual({
      iss: brokerUrl,
      sub: 'alice',
      aud: brokerUrl,
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
      client_id: 'confidential-client',
      sid: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      scope: 'openid profile email',
      preferred_username: 'alice',
      email: 'alice@example.org',
      name: 'Alice Liddell',
      roles: ['/staff', 'admin', 'editor', 'user'],
    });
  });

  it('have the types that programs in other languages read them by, or are left out', async () => {
    const mapClaims = () => ({
      groups: 'staff',
      realm_access: ['admin'],
      email_verified: 'yes',
      given_name: 5,
      tenant: 5,
    });
    const claims = await claimsAtLogin({ mapClaims });
    expect(claims).toMatchObject({ groups: ['staff'], tenant: 5 });
    for (const name of ['realm_access', 'email_verified', 'given_name']) expect(claims).not.toHaveProperty(name);
  });

  const publicUrl = 'https://app.example.org/base/';
  it.each([
    [{ publicUrl }, 'https://app.example.org/base', 'https://app.example.org/base'],
    [{ publicUrl, prefix: '/api' }, 'https://app.example.org/base/api', 'https://app.example.org/base/api'],
    [
      { publicUrl, brokerIssuer: 'https://name.example.org/' },
      'https://name.example.org/',
      'https://name.example.org/',
    ],
    [{ publicUrl, brokerAudience: 'my-api' }, 'https://app.example.org/base', 'my-api'],
    [{ brokerAudience: 'my-api' }, 'my-api', 'my-api'],
  ])('name issuer and audience as they are configured: %j', async (options, iss, aud) => {
    await start({ brokerIssuer: undefined, ...options });
    const { access_token } = await app.broker.mint({ sub: 'a-job' });
    expect(decoded(access_token).claims).toMatchObject({ iss, aud });
    expect(await app.verdict(access_token)).toBe('accepted');
  });

  it('are new for each token, and have the id of the session in common', async () => {
    await start();
    const first = await signIn(app);
    const second = await tokensIn(await app.refresh(first.refresh_token!));
    const [one, two] = [first, second].map(({ access_token }) => decoded(access_token).claims);
    expect(one!.jti).not.toBe(two!.jti);
    expect(one!['sid']).toBe(two!['sid']);
  });

  it("never hold the provider's session id", async () => {
    op.faults.set(
      'userinfo',
      fault.json((body) => ({ ...body, sid: 'session-at-the-provider' })),
    );
    expect(JSON.stringify(await claimsAtLogin())).not.toContain('session-at-the-provider');
  });

  it('are of their types, whatever the provider says', async () => {
    const odd = { name: { first: 'Alice' }, email: ['alice@example.org'], preferred_username: 7 };
    op.faults.set(
      'userinfo',
      fault.json((body) => ({ ...body, ...odd })),
    );
    const claims = await claimsAtLogin();
    for (const name of Object.keys(odd)) expect(claims).not.toHaveProperty(name);
  });

  it('hold the union of the roles of ID token, userinfo and access token, and of roles only what is a string', async () => {
    const roles = { realm_access: { roles: ['from-userinfo', 5, null] }, groups: ['/staff', '/more'] };
    op.faults.set(
      'userinfo',
      fault.json((body) => ({ ...body, ...roles })),
    );
    expect((await claimsAtLogin())['roles']).toEqual(['/more', '/staff', 'admin', 'editor', 'from-userinfo', 'user']);
  });

  it('follow what the provider says at a refresh', async () => {
    await start();
    const { refresh_token } = await signIn(app);
    const roles = { realm_access: { roles: ['fresh'] } };
    const { alice } = op.users;
    const before = { ...alice };
    Object.assign(alice, { name: 'Alice Hargreaves', ...roles, resource_access: {}, groups: [] });
    try {
      const { access_token } = await tokensIn(await app.refresh(refresh_token!));
      expect(decoded(access_token).claims).toMatchObject({ name: 'Alice Hargreaves', roles: ['fresh'] });
    } finally {
      Object.assign(alice, before);
    }
  });
});

describe('mapClaims', () => {
  it('is given what is known of the user, and of nothing else, and adds to the token', async () => {
    op.faults.set(
      'userinfo',
      fault.json((body) => ({ ...body, sid: 'session-at-the-provider', nonce: 'n', client_id: 'c' })),
    );
    let given: Readonly<Record<string, unknown>> | undefined;
    const claims = await claimsAtLogin({
      mapClaims: (identity) => {
        given = identity;
        return { tenant: 'acme', locale: { language: 'en' } };
      },
    });
    expect(given).toEqual({
      sub: 'alice',
      preferred_username: 'alice',
      name: 'Alice Liddell',
      given_name: 'Alice',
      family_name: 'Liddell',
      email: 'alice@example.org',
      email_verified: true,
      roles: ['/staff', 'admin', 'editor', 'user'],
    });
    expect(claims).toMatchObject({ tenant: 'acme', locale: { language: 'en' }, name: 'Alice Liddell' });
  });

  it('may take its time', async () => {
    const mapClaims = async ({ sub }: Readonly<Record<string, unknown>>) => ({ tenant: `of ${String(sub)}` });
    expect(await claimsAtLogin({ mapClaims: mapClaims as never })).toMatchObject({ tenant: 'of alice' });
  });

  it('may replace roles and what the profile says', async () => {
    const claims = await claimsAtLogin({ mapClaims: () => ({ roles: ['guest'], name: 'A.', email: undefined }) });
    expect(claims).toMatchObject({ roles: ['guest'], name: 'A.' });
    expect(claims).not.toHaveProperty('email');
  });

  it('never changes who issued the token, to whom and for how long', async () => {
    const reserved =
      'iss sub aud exp iat nbf jti client_id azp sid scope scp typ events cnf act may_act nonce at_hash c_hash s_hash'.split(
        ' ',
      );
    const claims = await claimsAtLogin({
      mapClaims: () => Object.fromEntries(reserved.map((name) => [name, 'changed'])),
    });
    expect(Object.values(claims)).not.toContain('changed');
    expect(claims).toMatchObject({ iss: brokerUrl, sub: 'alice', aud: brokerUrl });
  });

  it('is left out where it gives a claim another type', async () => {
    const claims = await claimsAtLogin({ mapClaims: () => ({ roles: 'admin', name: 5, email: {}, given_name: [] }) });
    for (const name of ['roles', 'name', 'email', 'given_name']) expect(claims).not.toHaveProperty(name);
    expect(await claimsAtLoginAgain({ mapClaims: () => ({ roles: ['a', 1] }) })).not.toHaveProperty('roles');
  });

  it('may return nothing', async () => {
    expect(await claimsAtLogin({ mapClaims: (() => undefined) as never })).toMatchObject({ sub: 'alice' });
  });

  async function claimsAtLoginAgain(auth: Partial<OidcAuthOptions>) {
    await app.close();
    return claimsAtLogin(auth);
  }
});

describe("subject: 'username'", () => {
  const auth = { subject: 'username' } as const;

  it('makes the user name the subject of tokens, also at a refresh', async () => {
    op.users['id-4711'] = { ...op.users.alice, sub: 'id-4711', preferred_username: 'carol' };
    await start(auth);
    const tokens = await signIn(app, { login_hint: 'id-4711' });
    expect(decoded(tokens.access_token).claims.sub).toBe('carol');
    const next = await tokensIn(await app.refresh(tokens.refresh_token!));
    expect(decoded(next.access_token).claims.sub).toBe('carol');
    expect(await app.broker.sessions(op.issuer, 'id-4711')).toHaveLength(1);
  });

  it('refuses a login where the provider gives none, and falls back to nothing', async () => {
    op.faults.set('userinfo', fault.without('preferred_username'));
    await start({ ...auth, scopes: 'email' });
    const login = new URLSearchParams({ redirect_uri: `${app.url}/auth/v2/callback` });
    const { response } = await new UserAgent().follow(`${app.url}/auth/v2/login?${login}`);
    await expectBadGateway(response);
    expect(await app.broker.sessions(op.issuer, 'alice')).toEqual([]);
    expect(revokedTokens(op)).toHaveLength(1);
    expect(operator.containing('preferred_username')).not.toEqual([]);
  });
});
