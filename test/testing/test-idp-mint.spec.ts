import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateTestIdpKey, startTestIdp, type TestIdp } from '../../lib/testing/test-idp/index.js';
import { bearer } from '../fixtures/application.js';
import { Wire } from './wire.js';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp({
    signingAlgorithm: 'ES256',
    users: {
      alice: { roles: ['admin'], department: 'sales', phone_number: '+1' },
      carol: { sub: '4711', name: 'Carol' },
    },
  });
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

const published = () => createLocalJWKSet({ keys: idp.keys.map(({ publicJwk }) => publicJwk) });

describe('a minted token', () => {
  it('is like one from a login', async () => {
    const login = decodeJwt((await new Wire(idp).signIn({ scope: 'openid profile email' }))['access_token']!);
    const { payload } = await jwtVerify(await idp.mintToken(), published(), { typ: 'at+jwt', audience: 'test-api' });
    const own = { jti: expect.any(String), sid: expect.any(String), iat: expect.any(Number), exp: expect.any(Number) };
    expect(payload).toEqual({ ...login, ...own, auth_time: payload.iat });
    expect([payload.jti, payload['sid']]).not.toEqual([login.jti, login['sid']]);
    expect(payload.exp! - payload.iat!).toBe(300);
    expect(payload).toMatchObject({ sub: 'alice', department: 'sales', realm_access: { roles: ['admin'] } });
    expect(payload).not.toHaveProperty('phone_number');
  });

  it('may have any claim and header, changed or left out', async () => {
    const token = await idp.mintToken(
      {
        sub: '4711',
        roles: ['auditor'],
        scope: 'orders:read profile',
        aud: ['a', 'b'],
        exp: 4_102_444_800,
        iss: undefined,
        sid: undefined,
        x: 1,
      },
      { header: { typ: undefined, kid: 'another' } },
    );
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'another' });
    expect(decodeJwt(token)).toEqual({
      sub: '4711',
      name: 'Carol',
      preferred_username: 'carol',
      realm_access: { roles: ['auditor'] },
      scope: 'orders:read profile',
      aud: ['a', 'b'],
      exp: 4_102_444_800,
      iat: expect.any(Number),
      jti: expect.any(String),
      client_id: 'test-client',
      auth_time: expect.any(Number),
      x: 1,
    });
  });

  it('may be without sub, scope, roles or end', async () => {
    const claims = decodeJwt(
      await idp.mintToken({ sub: undefined, scope: undefined, roles: undefined, exp: undefined }),
    );
    for (const claim of ['sub', 'scope', 'exp', 'realm_access']) expect(claims).not.toHaveProperty(claim);
  });

  it('may be about somebody the provider does not know', async () => {
    const claims = decodeJwt(await idp.mintToken({ sub: 'stranger', roles: ['guest'] }));
    expect(claims).toMatchObject({ sub: 'stranger', realm_access: { roles: ['guest'] } });
    for (const claim of ['preferred_username', 'sid', 'auth_time']) expect(claims).not.toHaveProperty(claim);
  });

  it('is about who signs in, by the clock of the provider', async () => {
    idp.loginAs('carol');
    idp.change({ now: () => 1_000_000_000_500, accessTokenTtl: 60 });
    expect(decodeJwt(await idp.mintToken())).toMatchObject({ sub: '4711', iat: 1_000_000_000, exp: 1_000_000_060 });
  });

  it('may be signed by a key that is not in the JWKS, under whatever kid', async () => {
    const { kid } = idp.keys[0]!;
    const verified = async (token: string) => (await jwtVerify(token, published())).payload.sub;
    await expect(verified(await idp.mintToken({}, { signWith: 'unpublished' }))).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
    await expect(verified(await idp.mintToken({}, { signWith: 'unpublished', header: { kid } }))).rejects.toMatchObject(
      {
        code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      },
    );
    const own = await generateTestIdpKey('EdDSA');
    expect(decodeProtectedHeader(await idp.mintToken({}, { signWith: own }))).toMatchObject({
      alg: 'EdDSA',
      kid: own.kid,
    });
    const secret = { privateKey: new TextEncoder().encode('x'.repeat(32)), alg: 'HS256' };
    expect(decodeProtectedHeader(await idp.mintToken({}, { signWith: secret }))).toEqual({
      alg: 'HS256',
      typ: 'at+jwt',
    });
  });

  it('is known at userinfo, unless another key has signed it', async () => {
    const ask = async (token: string) => {
      const response = await fetch(`${idp.issuer}/userinfo`, bearer(token));
      return response.status === 200 ? response.json() : response.status;
    };
    expect(await ask(await idp.mintToken({ sub: '4711' }))).toMatchObject({ sub: '4711', name: 'Carol' });
    expect(await ask(await idp.mintToken({ sub: 'stranger' }))).toEqual({ sub: 'stranger' });
    expect(await ask(await idp.mintToken({ exp: 1 }))).toBe(401);
    expect(await ask(await idp.mintToken({ scope: 'orders:read' }))).toBe(403);
    expect(await ask(await idp.mintToken({}, { signWith: 'unpublished' }))).toBe(401);
  });

  it('ends with the session of its user, unless it has offline_access, and no other', async () => {
    const status = async (token: string) => (await fetch(`${idp.issuer}/userinfo`, bearer(token))).status;
    const scope = 'openid offline_access';
    const tokens = [await idp.mintToken(), await idp.mintToken({ scope }), await idp.mintToken({ sub: '4711' })];
    expect(await Promise.all(tokens.map(status))).toEqual([200, 200, 200]);
    await idp.logOut('alice');
    expect(await Promise.all(tokens.map(status))).toEqual([401, 200, 200]);
  });
});
