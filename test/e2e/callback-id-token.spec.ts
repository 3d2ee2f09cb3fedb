import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { clients, fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { newPkce } from '../fixtures/pkce.js';
import {
  answerOf,
  type AuthorizationResponse,
  authorizationRequest,
  caughtRedirect,
  loginAddress,
  type LoginQuery,
  ownCallback,
} from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
afterEach(() => op.reset());

const { clientId, clientSecret } = clients.confidential;
const now = () => Math.floor(Date.now() / 1_000);
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Makes the ID token that the provider puts into its answer, for a login with this nonce. */
type Forge = (nonce: string) => Promise<string>;

/** As the provider signs ID tokens, some claims changed. */
const signed =
  (changes: { [claim: string]: unknown } = {}): Forge =>
  (nonce) =>
    op.mint({ aud: clientId, nonce, auth_time: now(), ...changes } as JWTPayload, { typ: 'JWT' });

const unacceptable: [string, Forge][] = [
  [
    'by a key that is not of the provider',
    async (nonce) => op.signWith(await generateSigningKey('RS256'), { aud: clientId, nonce }, { typ: 'JWT' }),
  ],
  [
    "by a key that only claims to be the provider's",
    async (nonce) => {
      const key = { ...(await generateSigningKey('RS256')), kid: op.currentKid };
      return op.signWith(key, { aud: clientId, nonce }, { typ: 'JWT' });
    },
  ],
  ['and then changed', async (nonce) => tampered(await signed()(nonce))],
  ['by nobody (alg none)', async (nonce) => `${base64url({ alg: 'none' })}.${base64url(claims(nonce))}.`],
  [
    'with the client secret (HS256)',
    async (nonce) => {
      const input = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims(nonce))}`;
      return `${input}.${createHmac('sha256', clientSecret).update(input).digest('base64url')}`;
    },
  ],
  ['with garbage instead', async () => 'garbage'],
  ['by another issuer', signed({ iss: 'https://evil.example' })],
  ['for another client', signed({ aud: 'another-client' })],
  ['for nobody', signed({ aud: undefined })],
  ['for several clients, without saying which', signed({ aud: [clientId, 'another-client'], azp: undefined })],
  ['for several clients, and issued to another', signed({ aud: [clientId, 'another-client'], azp: 'another-client' })],
  ['and issued to another client', signed({ azp: 'another-client' })],
  ['long ago', signed({ iat: 1_000_000_000, exp: 1_000_003_600 })],
  ['without an expiry', signed({ exp: undefined })],
  ['without a time', signed({ iat: undefined })],
  ['for no subject', signed({ sub: undefined })],
  ['with a time of sign-in that is no number', signed({ auth_time: 'today' })],
];

function claims(nonce: string): JWTPayload {
  return { iss: op.issuer, sub: 'alice', aud: clientId, iat: now(), exp: now() + 300, nonce };
}

function tampered(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const changed = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), sub: 'bob' };
  return [header, base64url(changed), signature].join('.');
}

describe.each(adapters)('the ID token of a login, on $name', (adapter) => {
  const lines = new OperatorLines();
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), logger: lines });
  });
  afterAll(() => app.close());

  type Way = (forge: Forge, query?: Record<string, string>) => Promise<Response>;

  /** Signs in; the ID token is replaced on its way from the provider. */
  async function signIn(forge: Forge, query: LoginQuery, browser: UserAgent): Promise<AuthorizationResponse> {
    const request = await authorizationRequest(app, query, browser);
    const id_token = await forge(request.searchParams.get('nonce')!);
    op.faults.once(
      'token',
      fault.json((answer) => ({ ...answer, id_token })),
    );
    return answerOf(request, query.redirect_uri, browser);
  }

  const login: Way = async (forge, query = {}) => {
    const browser = new UserAgent();
    return browser.get(await signIn(forge, { redirect_uri: ownCallback(app), ...query }, browser));
  };

  const redeemed = async (forge: Forge, query: Record<string, string>, code_verifier?: string) => {
    const { code, state } = await signIn(forge, { redirect_uri: caughtRedirect, ...query }, new UserAgent());
    const fields = { code, redirect_uri: caughtRedirect, code_verifier: code_verifier ?? state };
    return app.fetch('/auth/v2/token', form(fields));
  };

  const loginOfExistingClient: Way = (forge, query = {}) => redeemed(forge, query);

  const loginWithOwnPkce: Way = async (forge) => {
    const { code_verifier, challenge } = await newPkce();
    return redeemed(forge, challenge, code_verifier);
  };

  const ways: [string, Way][] = [
    ['at our own callback', login],
    ['by an existing client', loginOfExistingClient],
    ['by a client with PKCE of its own', loginWithOwnPkce],
  ];

  it.each(ways)('is accepted signed as it should be, %s', async (_, way) => {
    expect((await way(signed())).status).toBe(200);
    expect((await way(signed({ aud: [clientId, 'another-client'], azp: clientId }))).status).toBe(200);
  });

  it.each(unacceptable)('is refused signed %s: 502, as it is the provider that is wrong', async (_, forge) => {
    const response = await login(forge);
    expect(response.status).toBe(502);
    const body = await response.json();
    expect(body).toMatchObject({ error: 'server_error', statusCode: 502 });
    expect(body).not.toHaveProperty('access_token');
  });

  it.each([
    ['iss', { iss: 'https://evil.example' }],
    ['aud', { aud: 'another-client' }],
    ['exp', { exp: 1_000_003_600, iat: 1_000_000_000 }],
  ])('is said to be invalid where a claim is wrong, and the operator is told that it is %s', async (claim, changes) => {
    const response = await login(signed(changes));
    expect(await response.json()).toMatchObject({
      detail: 'The identity provider issued an ID token that is not valid.',
    });
    const refusals = lines.containing('The ID token from the identity provider was refused');
    expect(refusals.join('\n')).toContain(`"${claim}"`);
  });

  it.each(ways)('is refused with a bad signature at whatever place, %s', async (_, way) => {
    expect((await way(async (nonce) => tampered(await signed()(nonce)))).status).toBe(502);
  });

  it.each(ways)('is refused where it belongs to another login, %s', async (_, way) => {
    for (const nonce of ['another', '', undefined]) {
      const response = await way(signed({ nonce }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_grant', detail: expect.stringContaining('nonce') });
    }
  });

  it.each(ways)('is missed where the provider sends none, %s', async (_, way) => {
    const response = await way(async () => undefined as never);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('ID token') });
  });

  it.each([
    ['as late as the clocks may differ', () => ({ exp: now() - 5 }), 200],
    ['later', () => ({ exp: now() - 60 }), 502],
  ])('may arrive %s', async (_, changes, status) => {
    expect((await login(signed(changes()))).status).toBe(status);
  });

  it('under max_age tells when the person signed in', async () => {
    expect((await login(signed({ auth_time: now() - 30 }), { max_age: '60' })).status).toBe(200);
    // Without max_age nobody asked.
    expect((await login(signed({ auth_time: undefined }))).status).toBe(200);
  });

  it.each([
    ['too long ago', () => now() - 120],
    ['at no time', () => undefined],
  ])('under max_age is refused where the person signed in %s', async (_, auth_time) => {
    for (const way of [login, loginOfExistingClient]) {
      const response = await way(signed({ auth_time: auth_time() }), { max_age: '60' });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ detail: expect.stringContaining('max_age') });
    }
  });

  it('under max_age is what a real provider answers', async () => {
    const browser = new UserAgent();
    const query = { redirect_uri: ownCallback(app), max_age: '0' };
    const request = await authorizationRequest(app, query, browser);
    expect((await browser.get(await answerOf(request, query.redirect_uri, browser))).status).toBe(200);
  });

  it('may be signed by a key that the provider has only just begun to use', async () => {
    const fresh = await startApplication(adapter, { auth: clientOptions(op) });
    const query = { redirect_uri: ownCallback(fresh) };
    const browser = new UserAgent();
    await browser.follow(loginAddress(fresh, query));

    await op.rotateKeys({ keepOld: false });
    const { response } = await browser.follow(loginAddress(fresh, query));
    expect(response.status).toBe(200);
    await fresh.close();
  });
});
