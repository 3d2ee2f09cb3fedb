import { constants } from 'node:crypto';
import { Controller, Get } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Auth, IdToken, IdTokenClaims, type OidcAuthOptions } from '../../lib/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { bearer, form } from '../fixtures/application.js';
import { brokerUrl, forgedToken, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { sharedAudience, TestPeer } from '../fixtures/peer.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { rawJws } from '../fixtures/raw-jwt.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';
import { startVerifyingApplication } from '../fixtures/verifying-application.js';

const BAD_SIGNATURE = '401 The signature of the token is not valid.';
const UNKNOWN_ISSUER = '401 The token comes from an issuer that is not trusted here.';
const UNKNOWN_KEY = '401 The token is signed by a key that its issuer does not publish.';
const OTHER_AUDIENCE = '401 The token is meant for another application ("aud").';
const OTHER_ALGORITHM = '401 The token is signed with an algorithm that is not accepted here.';
const NO_ACCESS_TOKEN = '401 The token is not an access token, but an ID, refresh or logout token.';

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

@Controller()
class RoleRoutes {
  @Get('admins')
  @Auth({ roles: 'admin' })
  admins() {
    return 'ok';
  }

  @Get('realm-admins')
  @Auth({ claims: { 'realm_access.roles': ['admin'] } })
  realmAdmins(@IdToken() token: IdTokenClaims) {
    return token;
  }
}

let op: TestOp;
let peer: TestPeer;
let other: TestPeer;
beforeAll(async () => {
  [op, peer, other] = await Promise.all([startOp(), TestPeer.start(), TestPeer.start('/other/')]);
});
afterAll(async () => {
  await Promise.all([op.close(), peer.down(), other.down()]);
});

const federated = (
  options: Partial<OidcAuthOptions> = {},
  adapter: Adapter = adapters[0],
  logger = new OperatorLines(),
) =>
  startBroker(adapter, op, {
    auth: { brokerAudience: sharedAudience, trustedIssuers: [peer.issuer, other.issuer], ...options },
    module: { controllers: [RoleRoutes] },
    logger,
  });

describe.each(adapters)('an application on $name that trusts two others', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await federated({}, adapter);
  });
  afterAll(() => app.close());
  beforeEach(() => op.reset());

  const claimsOf = async (token: string) =>
    (await (await app.fetch('/who-am-i', bearer(token))).json()) as IdTokenClaims;

  it('accepts their tokens, and its own, and tells whose user it is', async () => {
    expect(await claimsOf(await peer.mint())).toMatchObject({ iss: peer.issuer, sub: 'bob' });
    expect(await claimsOf(await other.mint())).toMatchObject({ iss: other.issuer, sub: 'bob' });
    const { access_token } = await signIn(app);
    expect(await claimsOf(access_token)).toMatchObject({ iss: brokerUrl });
    expect([...peer.strays, ...other.strays]).toEqual([]);
  });

  it('takes the names of issuers letter for letter', async () => {
    for (const iss of [`${peer.issuer}/`, peer.issuer.replace('127.0.0.1', 'localhost'), peer.issuer.toUpperCase()]) {
      expect(await app.verdict(await peer.mint({ iss }))).toBe(UNKNOWN_ISSUER);
    }
    expect(await app.verdict(await other.mint({ iss: other.issuer.replace(/\/$/, '') }))).toBe(UNKNOWN_ISSUER);
    expect(await app.verdict(await peer.mint({ iss: [peer.issuer] as never }))).toBe(UNKNOWN_ISSUER);
  });

  it('lets no key of one verify a token of another, whatever the key is called', async () => {
    const borrowed = { ...peer.key, kid: other.key.kid };
    expect(await app.verdict(await other.mint({}, {}, borrowed))).toBe(BAD_SIGNATURE);
    expect(await app.verdict(await other.mint({}, {}, peer.key))).toBe(UNKNOWN_KEY);
    const asOurs = { iss: brokerUrl };
    const { kid } = JSON.parse(
      Buffer.from((await signIn(app)).access_token.split('.')[0]!, 'base64url').toString(),
    ) as { kid: string };
    expect(await app.verdict(await peer.mint(asOurs, {}, { ...peer.key, kid }))).toBe(BAD_SIGNATURE);
    expect(await app.verdict(await forgedToken(app, { iss: peer.issuer, aud: sharedAudience }))).toBe(UNKNOWN_KEY);
    expect(
      await app.verdict(await forgedToken(app, { iss: peer.issuer, aud: sharedAudience }, { kid: peer.key.kid })),
    ).toBe(BAD_SIGNATURE);
  });

  it('asks nobody else for keys on account of what a token says of itself', async () => {
    const stranger = await TestPeer.start();
    const header = { jku: `${stranger.issuer}/auth/v2/.well-known/jwks.json`, jwk: stranger.key.publicJwk };
    expect(await app.verdict(await stranger.mint({}, header))).toBe(UNKNOWN_ISSUER);
    expect(await app.verdict(await stranger.mint({ iss: peer.issuer }, header))).toBe(UNKNOWN_KEY);
    expect(stranger.fetches + stranger.strays.length).toBe(0);
    await stranger.down();
  });

  it('accepts what is meant for it only', async () => {
    expect(await app.verdict(await peer.mint({ aud: 'another' }))).toBe(OTHER_AUDIENCE);
    expect(await app.verdict(await peer.mint({ aud: undefined as never }))).toBe(OTHER_AUDIENCE);
    expect(await app.verdict(await peer.mint({ aud: ['another', sharedAudience] }))).toBe('accepted');
  });

  it('accepts access tokens only', async () => {
    expect(await app.verdict(await peer.mint({ nonce: 'n' }))).toBe(NO_ACCESS_TOKEN);
    expect(await app.verdict(await peer.mint({ typ: 'Refresh' }))).toBe(NO_ACCESS_TOKEN);
    expect(await app.verdict(await peer.mint({ events: {} }))).toBe(NO_ACCESS_TOKEN);
    // As applications in Python issue them.
    expect(await app.verdict(await peer.mint({}, { typ: 'JWT' }))).toBe('accepted');
    expect(await app.verdict(await peer.mint({}, { typ: undefined as never }))).toBe('accepted');
  });

  it('lets a token of theirs neither see, nor use, nor end a session of its own', async () => {
    const { access_token, refresh_token } = await signIn(app);
    const { sid, sub } = await claimsOf(access_token);
    const theirs = await peer.mint({ sid, sub });
    const userinfo = (await (await app.fetch('/auth/v2/userinfo', bearer(theirs))).json()) as { email: unknown };
    expect(userinfo).toEqual({ sub, email: null, username: sub, first_name: '', last_name: '', pw_name: sub });

    const logout = await app.fetch('/auth/v2/logout', { ...bearer(theirs), method: 'POST' });
    await expectOAuthError(logout, 401, 'invalid_token');
    expect((await app.refresh(refresh_token!)).status).toBe(200);
    expect(await app.broker.sessions(peer.issuer, sub)).toEqual([]);
  });

  it('sends no token of theirs to the identity provider', async () => {
    op.resetRequests();
    await app.fetch('/auth/v2/userinfo', bearer(await peer.mint()));
    const exchange = form({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: await peer.mint(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    await expectOAuthError(await app.fetch('/auth/v2/token', exchange), 400, 'invalid_request');
    expect(op.requests('userinfo')).toEqual([]);
  });

  it('believes what they say of roles', async () => {
    const token = await peer.mint({ roles: ['admin'] });
    expect((await app.fetch('/admins', bearer(token))).status).toBe(200);
    expect((await app.fetch('/realm-admins', bearer(token))).status).toBe(200);
  });
});

describe('what an issuer may claim', () => {
  it('is bounded by roles, wherever it puts them', async () => {
    const app = await federated({
      trustedIssuers: [{ issuer: peer.issuer, roles: ['reader'] }],
      roleSources: ['https://example.org/roles', 'roles'],
    });
    for (const claims of [
      { roles: ['admin', 'reader'] },
      { roles: 'admin' },
      { roles: [['admin']] },
      { groups: ['admin'] },
      { realm_access: { roles: ['admin'] } },
      { 'realm_access.roles': ['admin'] },
      { resource_access: { [op.clients.confidential.clientId]: { roles: ['admin'] } } },
      { 'https://example.org/roles': ['admin', 'reader'] },
      { roles: { admin: true } },
      { 'resource_access.other-app.roles': ['admin'] },
      { resource_access: { 'other-app.roles': ['admin'] } },
      { resource_access: { my: { api: { roles: ['admin'] } } } },
      { resource_access: { 'my.api': { 'x.roles': ['admin'] } } },
      { 'cognito:groups': ['admin'], 'https://other.example/roles': ['admin'], role: 'admin', Roles: ['admin'] },
      { more: [{ groups: ['admin'] }] },
    ]) {
      const token = await peer.mint(claims as never);
      expect(await app.verdict(token)).toBe('accepted');
      expect((await app.fetch('/admins', bearer(token))).status, JSON.stringify(claims)).toBe(403);
      expect((await app.fetch('/realm-admins', bearer(token))).status, JSON.stringify(claims)).toBe(403);
      const seen = await (await app.fetch('/who-am-i', bearer(token))).text();
      expect(seen).not.toContain('"admin"');
    }
    const seen = await (await app.fetch('/who-am-i', bearer(await peer.mint({ roles: ['admin', 'reader'] })))).json();
    expect(seen).toMatchObject({ iss: peer.issuer, sub: 'bob', roles: ['reader'] });
    await app.close();
  });

  it('is bounded by roles also where the application looks by a wildcard', async () => {
    const app = await federated({
      trustedIssuers: [{ issuer: peer.issuer, roles: ['reader'] }],
      roleSources: ['*.rights', 'apps.*.rights'],
    });
    for (const claims of [
      { app: { rights: ['admin', 'reader'] } },
      { app: { rights: ['admin'] }, '*': { rights: 'admin' }, '*.rights': ['admin'] },
      { apps: { rights: ['admin'], one: { rights: ['admin'] }, 'two.three': { rights: 'admin' } } },
    ]) {
      const token = await peer.mint(claims as never);
      expect(await app.verdict(token)).toBe('accepted');
      expect((await app.fetch('/admins', bearer(token))).status, JSON.stringify(claims)).toBe(403);
      expect(await (await app.fetch('/who-am-i', bearer(token))).text()).not.toContain('"admin"');
    }
    await app.close();
  });

  it('has no roles at the places of a broker, where it is an identity provider', async () => {
    const app = await federated({
      trustedIssuers: [{ issuer: peer.issuer, kind: 'idp', jwksUri: peer.jwksUri }],
      audience: sharedAudience,
    });
    const token = await peer.mint({ roles: ['admin'], scope: 'openid' });
    expect(await app.verdict(token)).toBe('accepted');
    expect((await app.fetch('/realm-admins', bearer(token))).status).toBe(403);
    expect(
      (await app.fetch('/realm-admins', bearer(await peer.mint({ realm_access: { roles: ['admin'] } })))).status,
    ).toBe(200);
    await app.close();
  });

  it('may be nothing at all', async () => {
    const app = await federated({ trustedIssuers: [{ issuer: peer.issuer, roles: [] }] });
    const seen = await (await app.fetch('/who-am-i', bearer(await peer.mint({ roles: ['reader'] })))).json();
    expect(seen).toMatchObject({ roles: [] });
    await app.close();
  });

  it('is another audience where that is said', async () => {
    const app = await federated({ trustedIssuers: [{ issuer: peer.issuer, audience: ['their-api', 'ours'] }] });
    expect(await app.verdict(await peer.mint({ aud: 'ours' }))).toBe('accepted');
    expect(await app.verdict(await peer.mint())).toBe(OTHER_AUDIENCE);
    await app.close();
  });

  it('is signed by certain algorithms where that is said', async () => {
    const app = await federated({ trustedIssuers: [{ issuer: peer.issuer, algorithms: ['ES256'] }] });
    expect(await app.verdict(await peer.mint())).toBe(OTHER_ALGORITHM);
    await app.close();
  });
});

describe('the keys of an application that is trusted', () => {
  it('are at the same path as the own ones, relative to its issuer', async () => {
    const keysPath = '/keys/all.json';
    const elsewhere = await TestPeer.start('/api', keysPath);
    const app = await federated({ trustedIssuers: [elsewhere.issuer], brokerJwksPath: keysPath });
    expect(await app.verdict(await elsewhere.mint())).toBe('accepted');
    expect((await app.fetch(keysPath)).status).toBe(200);
    expect(elsewhere.strays).toEqual([]);
    await app.close();
    await elsewhere.down();
  });

  it('are where jwksUri says', async () => {
    const elsewhere = await TestPeer.start('/api', '/keys.json');
    const app = await federated({ trustedIssuers: [{ issuer: elsewhere.issuer, jwksUri: elsewhere.jwksUri }] });
    expect(await app.verdict(await elsewhere.mint())).toBe('accepted');
    expect(elsewhere.strays).toEqual([]);
    await app.close();
    await elsewhere.down();
  });
});

describe('an application that names itself among those it trusts', () => {
  it('does not start, and says which', async () => {
    await expect(federated({ trustedIssuers: [`${brokerUrl}/`] })).rejects.toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining('which is this application itself, or its identity provider: leave it out'),
    });
  });
});

describe('an application whose tokens come from an identity provider', () => {
  afterEach(backToRealTime);

  it('does not start where that is among those it trusts besides', async () => {
    await expect(startVerifyingApplication(op, { trustedIssuers: [op.issuer] })).rejects.toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining('or its identity provider: leave it out'),
    });
  });

  it('accepts those of another provider, found by its metadata, which are meant for it', async () => {
    const second = await startOp();
    const app = await startVerifyingApplication(op, { trustedIssuers: [second.issuer] });
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(await app.verdict(await second.mint())).toBe('accepted');
    expect(await app.verdict(await second.mint({ aud: 'another', azp: 'another' }))).toBe(OTHER_AUDIENCE);
    expect(await app.verdict(await second.mint({ iss: op.issuer }))).toBe(UNKNOWN_KEY);
    second.resetRequests();
    const userinfo = await app.fetch('/auth/v2/userinfo', bearer(await second.mint({ sub: 'carol' })));
    expect(await userinfo.json()).toMatchObject({ sub: 'carol', username: 'carol' });
    expect([...op.requests('userinfo'), ...second.requests('userinfo')]).toEqual([]);
    await app.close();
    await second.close();
  });

  it('takes without an audience only what names its client as one, as a stranger may have that name there', async () => {
    const second = await startOp();
    const { clientId } = op.clients.confidential;
    const app = await startVerifyingApplication(op, {
      audience: undefined,
      trustedIssuers: [second.issuer, { issuer: peer.issuer, kind: 'broker' }],
    });
    for (const party of [{ azp: clientId }, { azp: undefined, client_id: clientId }] as object[]) {
      expect(await app.verdict(await op.mint({ aud: 'another', ...party }))).toBe('accepted');
      for (const issuer of [second, peer]) {
        expect(await app.verdict(await issuer.mint({ aud: 'another', ...party }))).toBe(OTHER_AUDIENCE);
        expect(await app.verdict(await issuer.mint({ aud: undefined as never, ...party }))).toBe(OTHER_AUDIENCE);
        expect(await app.verdict(await issuer.mint({ aud: ['another', clientId], ...party }))).toBe('accepted');
      }
    }
    expect(app.operator.containing(`(trustedIssuers) only ["${clientId}"] is accepted`)).not.toEqual([]);
    await app.close();
    await second.close();
  });

  it('takes those of an application, where its kind is said, by the audience that is said', async () => {
    const app = await startVerifyingApplication(op, {
      trustedIssuers: [{ issuer: peer.issuer, kind: 'broker', audience: sharedAudience }],
    });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expect(await app.verdict(await peer.mint({ aud: 'test-api' }))).toBe(OTHER_AUDIENCE);
    expect(peer.strays).toEqual([]);
    await app.close();
  });

  it('finds a provider whose name ends in a slash', async () => {
    const second = await startOp();
    const issuer = `${second.issuer}/`;
    second.faults.set(
      'discovery',
      fault.json((body) => ({ ...body, issuer })),
    );
    const app = await startVerifyingApplication(op, { trustedIssuers: [issuer] });
    expect(await app.verdict(await second.mint({ iss: issuer }))).toBe('accepted');
    expect(await app.verdict(await second.mint())).toBe(UNKNOWN_ISSUER);
    await app.close();
    await second.close();
  });

  it('takes only algorithms that another provider announces, unless the options name others', async () => {
    const second = await startOp();
    const { privateKey, kid } = second.currentKey;
    second.faults.set(
      'jwks',
      fault.json((body) => ({ keys: body['keys'].map((key: object) => ({ ...key, alg: undefined })) })),
    );
    const payload = decodeJwt(await second.mint());
    const signed = (alg: 'RS256' | 'PS256') =>
      rawJws({ privateKey }, { alg, kid }, payload, alg === 'PS256' ? PSS : {});
    const [announced, chosen, unasked] = await Promise.all(
      [
        second.issuer,
        { issuer: second.issuer, algorithms: ['PS256'] as const },
        { issuer: second.issuer, jwksUri: `${second.issuer}/jwks` },
      ].map((trusted) => startVerifyingApplication(op, { trustedIssuers: [trusted] })),
    );
    expect(await announced!.verdict(signed('RS256'))).toBe('accepted');
    expect(await announced!.verdict(signed('PS256'))).toBe(OTHER_ALGORITHM);
    expect(await chosen!.verdict(signed('RS256'))).toBe(OTHER_ALGORITHM);
    expect(await chosen!.verdict(signed('PS256'))).toBe('accepted');
    expect(await unasked!.verdict(signed('RS256'))).toBe('accepted');
    expect(await unasked!.verdict(signed('PS256'))).toBe('accepted');
    await Promise.all([announced, chosen, unasked].map((app) => app!.close()));
    await second.close();
  });

  it('learns of an algorithm that is new there, and forgets one that is not announced any more', async () => {
    stopTime();
    const second = await startOp();
    const app = await startVerifyingApplication(op, { trustedIssuers: [second.issuer] });
    expect(await app.verdict(await second.mint())).toBe('accepted');
    second.faults.set(
      'discovery',
      fault.json((body) => ({ ...body, id_token_signing_alg_values_supported: ['ES256', 'HS256'] })),
    );
    pass(600);
    await expect.poll(async () => app.verdict(await second.mint())).toBe(OTHER_ALGORITHM);
    second.faults.clear();
    pass(600);
    await expect.poll(async () => app.verdict(await second.mint())).toBe('accepted');
    await app.close();
    await second.close();
  });

  it('refuses a provider whose metadata names another issuer', async () => {
    const second = await startOp();
    const spelled = second.issuer.replace('127.0.0.1', 'localhost');
    const app = await startVerifyingApplication(op, { trustedIssuers: [spelled] });
    expect(await app.verdict(await second.mint({ iss: spelled }))).toMatch(/^50\d /);
    expect(app.operator.containing('names another issuer')).not.toEqual([]);
    await app.close();
    await second.close();
  });
});
