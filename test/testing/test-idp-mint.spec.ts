import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, UnsecuredJWT } from 'jose';
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
    const [text, time] = [expect.any(String), expect.any(Number)];
    expect(payload).toEqual({ ...login, jti: text, sid: text, iat: time, exp: time, auth_time: time });
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

  it('has null where null is given, for whatever claim, and is otherwise the same', async () => {
    const names = ['sub', 'scope', 'aud', 'exp', 'iat', 'nbf', 'iss', 'client_id', 'sid', 'auth_time', 'jti', 'x'];
    const right = decodeJwt(await idp.mintToken({ iat: 1, exp: 2, auth_time: 1, jti: 'any', sid: 'any' }));
    for (const name of names) {
      const given = { iat: 1, exp: 2, auth_time: 1, jti: 'any', sid: 'any', [name]: null };
      expect(decodeJwt(await idp.mintToken(given))).toEqual({ ...right, [name]: null });
    }
    const { roles: _, ...rest } = decodeJwt(await idp.mintToken({ roles: null }));
    expect(rest['realm_access']).toEqual({ roles: null });
  });

  it('is without whatever claim is undefined', async () => {
    const right = await idp.mintToken();
    for (const name of Object.keys(decodeJwt(right))) {
      const { [name]: _, ...others } = decodeJwt(right);
      expect(Object.keys(decodeJwt(await idp.mintToken({ [name]: undefined })))).toEqual(Object.keys(others));
    }
  });

  it('has roles beside whatever else is given at their place, and no other roles there', async () => {
    const given = { roles: ['x'], realm_access: { other: 1 } };
    expect(decodeJwt(await idp.mintToken(given))['realm_access']).toEqual({ other: 1, roles: ['x'] });
    const itself = { realm_access: { roles: 'not a list' } };
    expect(decodeJwt(await idp.mintToken(itself))['realm_access']).toEqual({ roles: 'not a list' });
    await expect(idp.mintToken({ roles: ['x'], realm_access: { roles: ['y'] } })).rejects.toThrow(
      'mintToken is given roles, and realm_access.roles, which is where they stand: give one of them.',
    );
    await expect(idp.mintToken({ roles: ['x'], realm_access: 'y' })).rejects.toThrow('it must be an object');
    await expect(idp.mintToken({ roles: ['x'], realm_access: null })).rejects.toThrow('it must be an object');
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

  it('may be unsecured, under whatever name of no algorithm (RFC 7519 §6)', async () => {
    const token = await idp.mintToken({ sub: '4711', x: 'ü' }, { signWith: 'none' });
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.$/);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'none', typ: 'at+jwt' });
    expect(UnsecuredJWT.decode(token, { issuer: idp.issuer, audience: 'test-api' }).payload).toMatchObject({
      sub: '4711',
      x: 'ü',
    });
    const header = { alg: 'nOnE', typ: undefined, kid: idp.keys[0]!.kid };
    expect(decodeProtectedHeader(await idp.mintToken({}, { signWith: 'none', header }))).toEqual({
      alg: 'nOnE',
      kid: header.kid,
    });
  });

  it('may have a header that is critical', async () => {
    const token = await idp.mintToken({}, { header: { crit: ['x'], x: 1 } });
    expect(decodeProtectedHeader(token)).toMatchObject({ crit: ['x'], x: 1 });
    await expect(jwtVerify(token, published())).rejects.toThrow('"x" is not recognized');
    expect((await jwtVerify(token, published(), { crit: { x: true } })).payload.sub).toBe('alice');
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
    expect(await ask(await idp.mintToken({}, { signWith: 'none' }))).toBe(401);
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
