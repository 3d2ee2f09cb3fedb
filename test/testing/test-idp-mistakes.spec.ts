import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp, type TestIdpOptions } from '../../lib/testing/test-idp/index.js';
import { Wire } from './wire.js';

let idp: TestIdp;
beforeAll(async () => {
  const clients = [{ clientId: 'first', clientSecret: 'secret-of-first' }, { clientId: 'other' }];
  idp = await startTestIdp({ signingAlgorithm: 'ES256', clients });
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

/** Sets a fault as JavaScript would. */
const fault = (place: string, what: unknown) => idp.faults.set(place as 'token', what as 'down');
const once = (place: string, ...what: unknown[]) => idp.faults.once(place as 'token', ...(what as 'down'[]));
const change = (settings: unknown) => idp.change(settings as object);

describe('a mistake in a test is told at once:', () => {
  it.each([
    ['an unknown user', () => idp.loginAs('carol'), 'no user "carol". It has: alice, bob.'],
    ['an unknown user code', () => idp.approveDevice('AAAA-AAAA', 'carol'), 'AAAA-AAAA'],
    ['an unknown client', () => idp.optionsFor('nobody'), 'no client "nobody". It has: first, other.'],
    [
      'requests at an unknown endpoint',
      () => idp.requests('tokens' as never),
      'Unknown endpoint "tokens": did you mean token?',
    ],
  ])('%s', (_name, mistake, hint) => expect(mistake).toThrow(hint));

  it.each([
    ['an unknown one', () => fault('token', 'lost'), 'Unknown fault "lost" at token. Known: down'],
    ['one with a slip of the pen', () => fault('token', 'awnserLost'), 'did you mean answerLost?'],
    ['one of another endpoint', () => once('jwks', 'wrongKey'), 'Unknown fault "wrongKey" at jwks'],
    ['at an unknown endpoint', () => fault('tokens', 'down'), 'Unknown endpoint "tokens": did you mean token?'],
    ['at an unknown endpoint, once', () => once('Token', 'down'), 'Unknown endpoint "Token": did you mean token?'],
    ['cleared at an unknown endpoint', () => idp.faults.clear('jwk' as never), 'did you mean jwks?'],
    ['an empty object', () => fault('token', {}), 'A fault must be a name, { slow }'],
    ['an unknown member', () => fault('token', { sloww: 5 }), 'Unknown fault "sloww": did you mean slow?'],
    ['two at once', () => fault('token', { slow: 5, edit: () => ({}) }), 'A fault must be a name'],
    [
      'two at once, with a status',
      () => fault('token', { status: 500, slow: 5 }),
      'Unknown member "slow" of a fault with a status',
    ],
    ['a status with a member it has not', () => fault('token', { status: 500, header: {} }), 'did you mean headers?'],
    ['nothing', () => fault('token', undefined), 'Got undefined.'],
    ['a number', () => fault('token', 500), 'Got 500.'],
    ['no fault, once', () => once('token'), "faults.once('token') names no fault"],
    [
      'a slow that is no number',
      () => fault('token', { slow: '5' }),
      'slow must be a number of ms up to 2147483647, not "5"',
    ],
    ['a slow that no timer can wait for', () => fault('token', { slow: 2 ** 31 }), 'slow must be'],
    [
      'a status that is none',
      () => fault('token', { status: '500' }),
      'status must be a number from 200 to 599, not "500"',
    ],
    ['a body that cannot be sent', () => fault('token', { status: 500, body: 5 }), 'body must be a text or an object'],
    ['a header that cannot be sent', () => fault('token', { status: 500, headers: { 'a b': '1' } }), 'a b'],
    ['an edit that is no function', () => fault('token', { edit: { a: 1 } }), 'edit must be a function'],
    ['an edit of a page', () => fault('end_session', { edit: () => ({}) }), 'nothing to edit at end_session'],
    [
      'an edit of nothing',
      () => fault('revocation', { edit: () => ({}) }),
      '`edit` works at: discovery, jwks, authorization',
    ],
  ])('a fault, %s', async (_name, mistake, hint) => {
    expect(mistake).toThrow(hint);
    expect((await fetch(idp.discoveryUrl)).status).toBe(200);
  });

  it.each([
    [{ accessTokenTTL: 5 }, 'Unknown setting "accessTokenTTL": did you mean accessTokenTtl?'],
    [
      { refreshTokenRotation: 'single' },
      'Unknown refreshTokenRotation "single": did you mean singleUse? Known: none, keepOld',
    ],
    [{ refreshTokens: 'offline' }, 'did you mean offline_access?'],
    [{ rolesIn: ['id-token'] }, 'Unknown rolesIn "id-token": did you mean id_token?'],
    [{ rolesIn: 'id_token' }, 'rolesIn must be a list, not "id_token"'],
    [{ rolesClaim: [] }, 'rolesClaim must be a text, or a list of them'],
    [{ audience: '' }, 'audience must be'],
    [{ accessTokenTtl: '5' }, 'accessTokenTtl must be a number of seconds, 0 or more, not "5"'],
    [{ codeTtl: -1 }, 'codeTtl must be'],
    [{ refreshTokenTtl: Number.NaN }, 'refreshTokenTtl must be'],
    [{ deviceInterval: 0 }, 'deviceInterval must be a number of seconds above 0, not 0'],
    [{ now: 5 }, 'now must be a function that returns ms since the epoch, not 5'],
    [{ now: () => new Date() }, 'now must be'],
    [
      {
        now: () => {
          throw new Error('no clock');
        },
      },
      'now must be a function that returns ms since the epoch, but has thrown Error: no clock',
    ],
    [{ idTokenTtl: -60 }, 'idTokenTtl must be a number of seconds, 0 or more, not -60'],
    [{ users: {} }, 'Unknown setting "users"'],
    [undefined, 'Got undefined'],
  ])('a setting: %o', async (settings, hint) => {
    expect(() => change(settings)).toThrow(hint);
    expect(() => change({ audience: 'changed', ...settings, x: 1 })).toThrow('Unknown setting');
    expect(idp.options.audience).toBe('test-api');
    expect(await new Wire(idp).signIn()).toMatchObject({ expires_in: 300 });
  });

  it.each([
    [{ users: {} }, 'needs a user'],
    [{ users: ['alice'] }, 'users must be an object of people by name'],
    [{ users: { alice: 'admin' } }, 'User "alice" must be an object, not "admin"'],
    [{ user: { alice: {} } }, 'Unknown option "user": did you mean users?'],
    [{ users: { a: { roles: 'admin' } } }, 'roles of user "a" must be a list of texts, not "admin"'],
    [{ users: { a: { roles: [1] } } }, 'roles of user "a" must be'],
    [{ users: { a: { sub: 4711 } } }, 'sub of user "a" must be a text that is not empty, not 4711'],
    [{ users: { a: { sub: 'x' }, b: { sub: 'x' } } }, 'Users "b" and "a" would both have the sub "x".'],
    [{ users: { a: {}, b: { sub: 'a' } } }, 'would both have the sub "a"'],
    [{ clients: [{}] }, 'clientId must be a text that is not empty, not undefined'],
    [{ clients: [{ clientId: 'a' }, { clientId: 'a' }] }, 'Two clients have the clientId "a".'],
    [{ clients: [{ clientId: 'a', clientSecret: 5 }] }, 'clientSecret of client "a" must be'],
    [{ clients: [{ clientId: 'a', redirectUris: ['/x'] }] }, 'must be a list of absolute URIs without a fragment'],
    [{ clients: [{ clientId: 'a', redirectUris: 'https://a.example.org/' }] }, 'redirectUris of client "a" must be'],
    [{ clients: [{ clientId: 'a', postLogoutRedirectUris: ['https://a.example.org/#b'] }] }, 'must be a list'],
    [
      { clients: [{ clientId: 'a', tokenEndpointAuthMethod: 'basic' }] },
      'Unknown tokenEndpointAuthMethod "basic" of client "a"',
    ],
    [{ clients: [{ clientId: 'a', backchannelLogoutUri: 'x:y' }] }, 'must be an absolute http or https address'],
    [{ clients: [{ clientId: 'a', roles: 'admin' }] }, 'roles of client "a" must be a list of texts'],
    [{ clients: [] }, 'needs a client'],
    [{ clients: { clientId: 'a' } }, 'clients must be a list'],
    [
      { clients: [{ clientId: 'a', redirectUri: ['x'] }] },
      'Unknown member "redirectUri" of a client: did you mean redirectUris?',
    ],
    [{ loginAs: 'carol' }, 'no user "carol"'],
    [{ signingAlgorithm: 'RS265' }, 'Unknown signingAlgorithm "RS265": did you mean RS256?'],
    [{ accessTokenTtl: '300' }, 'accessTokenTtl must be'],
  ])('an option: %o', async (options, hint) => {
    await expect(startTestIdp(options as unknown as TestIdpOptions)).rejects.toThrow(hint);
  });

  it.each([
    [() => (idp.user('alice').roles = 'admin' as never), 'roles of user "alice" must be a list of texts, not "admin"'],
    [() => Object.assign(idp.user('bob'), { sub: 5 }), 'sub of user "bob" must be'],
    [() => (idp.user('bob').sub = 'alice'), 'Users "alice" and "bob" would both have the sub "alice".'],
    [
      () => ((idp.client() as object as Record<string, string>)['backchannelLogoutURI'] = 'http://127.0.0.1/'),
      'Unknown member "backchannelLogoutURI" of a client: did you mean backchannelLogoutUri?',
    ],
    [
      () => (idp.client().backchannelLogoutUri = 'nonsense'),
      'backchannelLogoutUri of client "first" must be an absolute http or https address without a fragment, not "nonsense"',
    ],
    [() => (idp.client('other').roles = 'admin' as never), 'roles of client "other" must be a list of texts'],
    [() => (idp.client('other').clientId = 'another'), 'The clientId of client "other" stays'],
  ])('what is set of a user or a client: %s', async (mistake, hint) => {
    const members = () => structuredClone([{ ...idp.user('alice') }, { ...idp.user('bob') }, { ...idp.client() }]);
    const before = members();
    expect(mistake).toThrow(hint);
    expect(members()).toEqual(before);
  });

  it('but any claim of a user may be set, and a member may be taken back', () => {
    Object.assign(idp.user('alice'), { email_verified: 'yes', department: 5, sub: 'new', roles: undefined });
    idp.user('alice').sub = undefined;
    idp.client().backchannelLogoutUri = 'https://app.example.org/logout';
    idp.client().backchannelLogoutUri = undefined;
    expect(idp.user('alice')).toMatchObject({ email_verified: 'yes', department: 5 });
  });

  it.each([
    ['alice', 'mintToken takes an object of claims, such as { sub: \'alice\' }, not "alice".'],
    [null, 'mintToken takes an object of claims'],
    [{ sub: 5 }, 'sub of mintToken must be a text, not 5'],
    [{ roles: 'admin' }, 'roles of mintToken must be a list of texts, not "admin"'],
    [{ scope: ['a'] }, "scope of mintToken must be a text, with spaces between its words, not [ 'a' ]"],
    [{ aud: 5 }, 'aud of mintToken must be a text, or a list of them, not 5'],
    [{ exp: '1h' }, 'exp of mintToken must be a number of seconds since the epoch, not "1h"'],
    [{ exp: new Date(0) }, 'exp of mintToken must be a number of seconds since the epoch, not 1970'],
    [{ nbf: Number.NaN }, 'nbf of mintToken must be'],
    [{ iat: Infinity }, 'iat of mintToken must be'],
    [{ auth_time: '1' }, 'auth_time of mintToken must be'],
    [{ iss: 5 }, 'iss of mintToken must be a text'],
    [{ client_id: 5 }, 'client_id of mintToken must be a text'],
    [{ sid: 5 }, 'sid of mintToken must be a text'],
  ])('claims of mintToken: %o', async (claims, hint) => {
    await expect(idp.mintToken(claims as never)).rejects.toThrow(hint);
  });

  it.each([
    [{ signWith: 'x' }, 'Unknown signWith "x", nor is it a key { privateKey, alg, kid }. Known: unpublished, none.'],
    [{ signWith: 'unpublishd' }, 'did you mean unpublished?'],
    [{ signWith: {} }, 'privateKey of signWith must be a CryptoKey, or a Uint8Array for HMAC, not undefined'],
    [{ signWith: { privateKey: 'secret', alg: 'HS256' } }, 'privateKey of signWith must be'],
    [{ signWith: { privateKey: new Uint8Array(32) } }, 'alg of signWith must be a text'],
    [{ signWith: { privateKey: new Uint8Array(32), alg: 'HS256', kid: 5 } }, 'kid of signWith must be a text'],
    [{ signWith: { privateKey: new Uint8Array(32), alg: 'RS256' } }, 'A token with alg "RS256" cannot be signed'],
    [{ header: { alg: 'HS256' } }, 'A token with alg "HS256" cannot be signed with this key'],
    [{ header: { crit: ['x'] } }, 'cannot be signed'],
    [{ header: 'typ' }, 'header must be an object, not "typ"'],
  ])('options of mintToken: %o', async (options, hint) => {
    await expect(idp.mintToken({}, options as object)).rejects.toThrow(hint);
  });

  it('an option of a method', async () => {
    await expect(idp.mintToken({}, { signwith: 'unpublished' } as object)).rejects.toThrow('did you mean signWith?');
    await expect(idp.rotateKeys({ keepold: false } as object)).rejects.toThrow('did you mean keepOld?');
    await expect(idp.rotateKeys({ keepOld: 'no' } as object)).rejects.toThrow('keepOld must be true or false');
    await expect(idp.logOut('carol')).rejects.toThrow('no user "carol"');
  });
});

it('what is undefined counts as left out, in settings and options', async () => {
  idp.change({ audience: undefined, accessTokenTtl: 5 });
  expect(idp.options.audience).toBe('test-api');
  expect(await new Wire(idp).signIn()).toMatchObject({ expires_in: 5 });
  const other = await startTestIdp({ signingAlgorithm: 'ES256', clients: undefined, users: undefined, now: undefined });
  expect(other.options.clientId).toBe('test-client');
  await other.close();
});

it('who asks at a path that there is not is shown the endpoints', async () => {
  const response = await fetch(`${idp.issuer}/oauth2/token`);
  expect([response.status, await response.text()]).toEqual([
    404,
    expect.stringMatching(/^<!doctype html>.*\/token, \/userinfo.*<\/p><\/html>$/),
  ]);
});
