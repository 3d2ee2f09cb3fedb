import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { compactVerify, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp, type TestIdpCommonFault } from '../../lib/testing/test-idp/index.js';
import { bearer } from '../fixtures/application.js';
import { verdict, Wire } from './wire.js';

let idp: TestIdp;
let wire: Wire;
beforeAll(async () => {
  idp = await startTestIdp({ signingAlgorithm: 'ES256' });
  wire = new Wire(idp);
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

const discovery = (init?: RequestInit) => fetch(idp.discoveryUrl, init);
const failure = (request: Promise<unknown>) =>
  request.then(
    () => 'answered',
    (error: { name: string; cause?: { code?: string } }) => error.cause?.code ?? error.name,
  );
const BROKEN = 'UND_ERR_SOCKET';

describe('faults of every endpoint', () => {
  it.each([
    ['html', 200, 'text/html', '<!doctype html>'],
    ['garbage', 200, 'application/json', '{"access_token'],
    ['empty', 200, 'application/json', ''],
    [{ status: 500 }, 500, 'text/plain', ''],
    [{ status: 429, body: { error: 'slow_down' } }, 429, 'application/json', '{"error":"slow_down"}'],
  ] as [TestIdpCommonFault, number, string, string][])(
    '%o answers something else',
    async (fault, status, type, body) => {
      idp.faults.set('discovery', fault);
      const response = await discovery();
      expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
      expect((await response.text()).slice(0, body.length || 1)).toBe(body);
    },
  );

  it('a status comes with headers', async () => {
    idp.faults.set('token', { status: 503, headers: { 'retry-after': '7' } });
    expect((await wire.refresh('any')).headers.get('retry-after')).toBe('7');
  });

  it('down breaks the connection before anything is done', async () => {
    const { code } = await wire.authorizationResponse();
    idp.faults.once('token', 'down');
    expect(await failure(wire.redeem(code))).toBe(BROKEN);
    expect(await verdict(wire.redeem(code))).toBe('200');
  });

  it('answerLost breaks it after everything is done', async () => {
    const { code } = await wire.authorizationResponse();
    idp.faults.once('token', 'answerLost');
    expect(await failure(wire.redeem(code))).toBe(BROKEN);
    expect(await verdict(wire.redeem(code))).toBe('400 invalid_grant');
  });

  it('hang never answers', async () => {
    idp.faults.once('discovery', 'hang');
    const caller = new AbortController();
    const hanging = failure(discovery({ signal: caller.signal }));
    await expect.poll(() => idp.requests('discovery')).toHaveLength(1);
    expect((await discovery()).status).toBe(200);
    caller.abort();
    expect(await hanging).toBe('AbortError');
  });

  it('slow answers rightly, later', async () => {
    idp.faults.once('discovery', { slow: 120 });
    const start = performance.now();
    expect((await discovery()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(110);
  });

  it('who has left before a late answer does no harm', async () => {
    idp.faults.once('discovery', { slow: 60 });
    const caller = new AbortController();
    const leaving = failure(discovery({ signal: caller.signal }));
    await expect.poll(() => idp.requests('discovery')).toHaveLength(1);
    caller.abort();
    expect(await leaving).toBe('AbortError');
    await expect.poll(() => idp.requests('discovery')[0]!.status).toBe(200);
    expect((await discovery()).status).toBe(200);
  });

  it('once is for as many requests as there are faults, set until it is cleared, and an endpoint goes before all', async () => {
    const statuses = async (count: number) => {
      const found: number[] = [];
      for (let asked = 0; asked < count; asked++) found.push((await discovery()).status);
      return found;
    };
    idp.faults.set('all', { status: 500 });
    idp.faults.set('discovery', { status: 501 });
    idp.faults.once('discovery', { status: 502 }, { status: 503 });
    expect(await statuses(4)).toEqual([502, 503, 501, 501]);
    expect((await fetch(`${idp.issuer}/jwks`)).status).toBe(500);
    idp.faults.clear('discovery');
    expect(await statuses(1)).toEqual([500]);
    idp.faults.clear();
    expect(await statuses(1)).toEqual([200]);
  });

  it('keeps no connection, which would be a dead one after down() and up()', async () => {
    const agent = new Agent({ keepAlive: true });
    const isReused = async () => {
      const request = get(idp.discoveryUrl, { agent });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      await text(response);
      return request.reusedSocket;
    };
    expect([await isReused(), await isReused()]).toEqual([false, false]);
    agent.destroy();
  });

  it('down() refuses connections until up(), on the same port', async () => {
    idp.faults.once('discovery', 'hang');
    const hanging = failure(discovery());
    await expect.poll(() => idp.requests('discovery')).toHaveLength(1);
    await idp.down();
    expect(await hanging).toBe(BROKEN);
    expect(await failure(discovery())).toBe('ECONNREFUSED');
    await idp.up();
    expect((await discovery()).status).toBe(200);
  });
});

describe('faults of the authorization endpoint', () => {
  it('issMissing and issWrong concern what the browser is sent back with', async () => {
    idp.faults.once('authorization', 'issMissing', 'issWrong');
    expect(await wire.authorizationResponse()).toEqual({ code: expect.any(String) });
    expect(await wire.authorizationResponse()).toMatchObject({ iss: 'https://somebody-else.example.org' });
    expect(await wire.authorizationResponse()).toMatchObject({ iss: idp.issuer });
  });
});

describe('faults of the token endpoint', () => {
  const both = ({ id_token, access_token }: Record<string, string>) => [id_token!, access_token!];

  it('wrongKey signs with a key that is not in the JWKS', async () => {
    const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`));
    idp.faults.once('token', 'wrongKey');
    for (const token of both(await wire.signIn())) {
      expect(decodeProtectedHeader(token).kid).not.toBe(idp.keys[0]!.kid);
      await expect(jwtVerify(token, keys)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    }
    for (const token of both(await wire.signIn())) expect((await jwtVerify(token, keys)).payload.sub).toBe('alice');
  });

  it.each([
    ['nonceWrong', { nonce: 'nonce-of-another-login' }],
    ['nonceMissing', { nonce: undefined }],
    ['audWrong', { aud: 'another-client' }],
    ['idTokenExpired', { exp: -3_600, iat: -7_200 }],
  ] as const)('%s concerns the ID token alone, and is signed like the right one', async (fault, changed) => {
    const start = 1_000_000_000;
    idp.change({ now: () => start * 1_000 });
    const claims = async () => {
      const [id, access] = both(await wire.signIn({ nonce: 'mine' })).map((token) => decodeJwt(token!));
      return { id: { ...id, sid: 'any' }, access: { ...access, sid: 'any', jti: 'any' } };
    };
    const right = await claims();
    idp.faults.once('token', fault);
    const wrong = await claims();
    const dated = Object.entries(changed).map(([name, value]) => [
      name,
      typeof value === 'number' ? start + value : value,
    ]);
    expect(wrong.access).toEqual(right.access);
    expect(wrong.id).toEqual({ ...right.id, ...Object.fromEntries(dated) });
    expect(wrong.id).not.toEqual(right.id);
    idp.faults.once('token', fault);
    const { id_token: token } = await wire.signIn();
    const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`));
    expect((await compactVerify(token!, keys)).protectedHeader.kid).toBe(idp.keys[0]!.kid);
  });

  it('issMissing and issWrong concern both tokens', async () => {
    idp.faults.once('token', 'issMissing', 'issWrong');
    for (const token of both(await wire.signIn())) expect(decodeJwt(token)).not.toHaveProperty('iss');
    for (const token of both(await wire.signIn())) {
      expect(decodeJwt(token).iss).toBe('https://somebody-else.example.org');
    }
    for (const token of both(await wire.signIn())) expect(decodeJwt(token).iss).toBe(idp.issuer);
  });

  it.each([
    ['noRefreshToken', 'refresh_token'],
    ['noIdToken', 'id_token'],
    ['noExpiresIn', 'expires_in'],
  ] as const)('%s leaves out %s, and nothing else', async (fault, member) => {
    const right = Object.keys(await wire.signIn());
    idp.faults.set('token', fault);
    expect(Object.keys(await wire.signIn())).toEqual(right.filter((name) => name !== member));
  });

  it('refreshExpiresInZero is what Keycloak says of tokens that do not expire', async () => {
    idp.faults.set('token', 'refreshExpiresInZero');
    expect(await wire.signIn()).toMatchObject({ refresh_expires_in: 0, refresh_token: expect.any(String) });
  });
});

describe('roles', () => {
  const rolesIn = async () => {
    const { access_token: access, id_token: id } = await wire.signIn();
    const userinfo = (await (await fetch(`${idp.issuer}/userinfo`, bearer(access!))).json()) as Record<string, unknown>;
    return [decodeJwt(access!), decodeJwt(id!), userinfo].map(({ realm_access }) => realm_access !== undefined);
  };

  it('are only in the access token, by faults or by a setting', async () => {
    expect(await rolesIn()).toEqual([true, true, true]);
    idp.faults.once('token', 'rolesOnlyInAccessToken');
    expect(await rolesIn()).toEqual([true, false, true]);
    idp.faults.once('userinfo', 'rolesOnlyInAccessToken');
    expect(await rolesIn()).toEqual([true, true, false]);
    idp.change({ rolesIn: ['access_token'] });
    expect(await rolesIn()).toEqual([true, false, false]);
  });

  it.each([
    ['roles', { roles: ['admin', 'user'] }],
    ['groups', { groups: ['admin', 'user'] }],
    ['resource_access.my-client.roles', { resource_access: { 'my-client': { roles: ['admin', 'user'] } } }],
    [['https://example.org/roles'], { 'https://example.org/roles': ['admin', 'user'] }],
  ])('are where rolesClaim says: %s', async (rolesClaim, expected) => {
    idp.change({ rolesClaim });
    expect(decodeJwt((await wire.signIn())['access_token']!)).toMatchObject(expected);
    const minted = decodeJwt(await idp.mintToken({ roles: undefined }));
    for (const member of Object.keys(expected).filter((name) => name !== 'resource_access')) {
      expect(minted).not.toHaveProperty([member]);
    }
  });

  it('of a user count from the next token on', async () => {
    const { refresh_token: token } = await wire.signIn();
    idp.user('alice').roles = ['user'];
    (idp.user('bob').roles as string[]).push('auditor');
    const { access_token: next } = (await (await wire.refresh(token)).json()) as Record<string, string>;
    expect(decodeJwt(next!)).toMatchObject({ realm_access: { roles: ['user'] } });
    await idp.reset();
    expect(idp.user('alice').roles).toEqual(['admin', 'user']);
    expect(idp.user('bob').roles).toEqual(['user']);
  });
});

it('userinfo can be about somebody else', async () => {
  const { access_token: token } = await wire.signIn({ scope: 'openid profile' });
  idp.faults.once('userinfo', 'otherSub');
  const ask = async () => (await fetch(`${idp.issuer}/userinfo`, bearer(token!))).json();
  expect(await ask()).toMatchObject({ sub: 'somebody-else', name: 'Alice Liddell' });
  expect(await ask()).toMatchObject({ sub: 'alice' });
});

it('keys rotate, and the old one stays in the JWKS or does not', async () => {
  const published = async () => {
    const { keys } = (await (await fetch(`${idp.issuer}/jwks`)).json()) as { keys: Record<string, string>[] };
    expect(keys.every((key) => key['d'] === undefined && key['use'] === 'sig' && key['alg'] === 'ES256')).toBe(true);
    return keys.map(({ kid }) => kid);
  };
  const before = await published();
  await idp.rotateKeys();
  expect(await published()).toEqual([idp.keys[0]!.kid, ...before]);
  expect(decodeProtectedHeader(await idp.mintToken()).kid).toBe(idp.keys[0]!.kid);
  await idp.rotateKeys({ keepOld: false });
  expect(await published()).toEqual([idp.keys[0]!.kid]);
});

it('requests are recorded with what they held and how they were answered', async () => {
  idp.faults.once('token', { status: 500 }, 'down');
  await wire.refresh('first');
  await failure(wire.refresh('second'));
  await wire.refresh('third');
  expect(idp.requests('token').map(({ parameters, status }) => [parameters['refresh_token'], status])).toEqual([
    ['first', 500],
    ['second', undefined],
    ['third', 400],
  ]);
  expect(idp.requests('token')[0]).toMatchObject({
    endpoint: 'token',
    method: 'POST',
    parameters: { client_secret: idp.options.clientSecret, grant_type: 'refresh_token' },
    body: expect.stringContaining('refresh_token=first'),
    headers: { 'content-type': expect.stringContaining('x-www-form-urlencoded') },
  });
  await wire.authorize({ login_hint: 'bob' });
  expect(idp.requests('authorization')[0]!.parameters).toMatchObject({ login_hint: 'bob' });
  expect(idp.requests()).toHaveLength(4);
  await idp.reset();
  expect(idp.requests()).toEqual([]);
});

it('reset() brings back settings, users, faults, sessions and the listener; keys and port stay', async () => {
  const { issuer, keys } = idp;
  const { refresh_token: token } = await wire.signIn();
  idp.loginAs('bob');
  idp.denyNextAuthorization();
  idp.change({ audience: 'another' });
  idp.faults.set('all', 'hang');
  await idp.down();
  await idp.reset();
  expect(decodeJwt((await wire.signIn())['access_token']!)).toMatchObject({ sub: 'alice', aud: 'test-api' });
  expect(await verdict(wire.refresh(token))).toBe('400 invalid_grant');
  expect([idp.issuer, idp.keys]).toEqual([issuer, keys]);
});
