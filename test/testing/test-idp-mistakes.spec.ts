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
      'no endpoint "tokens": did you mean token?',
    ],
  ])('%s', (_name, mistake, hint) => expect(mistake).toThrow(hint));

  it.each([
    ['an unknown one', () => fault('token', 'lost'), 'no fault "lost" at token. There are: down'],
    ['one with a slip of the pen', () => fault('token', 'awnserLost'), 'did you mean answerLost?'],
    ['one of another endpoint', () => once('jwks', 'wrongKey'), 'no fault "wrongKey" at jwks'],
    ['at an unknown endpoint', () => fault('tokens', 'down'), 'no endpoint "tokens": did you mean token?'],
    ['at an unknown endpoint, once', () => once('Token', 'down'), 'no endpoint "Token": did you mean token?'],
    ['cleared at an unknown endpoint', () => idp.faults.clear('jwk' as never), 'did you mean jwks?'],
    ['an empty object', () => fault('token', {}), 'A fault must be a name, { slow }'],
    ['an unknown member', () => fault('token', { sloww: 5 }), 'no fault "sloww": did you mean slow?'],
    ['two at once', () => fault('token', { slow: 5, edit: () => ({}) }), 'A fault must be a name'],
    [
      'two at once, with a status',
      () => fault('token', { status: 500, slow: 5 }),
      'no member "slow" of a fault with a status',
    ],
    ['a status with a member it has not', () => fault('token', { status: 500, header: {} }), 'did you mean headers?'],
    ['nothing', () => fault('token', undefined), 'It is undefined.'],
    ['a number', () => fault('token', 500), 'It is 500.'],
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
      'There is at: discovery, jwks, authorization',
    ],
  ])('a fault, %s', async (_name, mistake, hint) => {
    expect(mistake).toThrow(hint);
    expect((await fetch(idp.discoveryUrl)).status).toBe(200);
  });

  it.each([
    [{ accessTokenTTL: 5 }, 'no setting "accessTokenTTL": did you mean accessTokenTtl?'],
    [
      { refreshTokenRotation: 'single' },
      'no refreshTokenRotation "single": did you mean singleUse? There are: none, keepOld',
    ],
    [{ refreshTokens: 'offline' }, 'did you mean offline_access?'],
    [{ rolesIn: ['id-token'] }, 'no rolesIn "id-token": did you mean id_token?'],
    [{ rolesIn: 'id_token' }, 'rolesIn must be a list, not "id_token"'],
    [{ rolesClaim: [] }, 'rolesClaim must be a text, or a list of them'],
    [{ audience: '' }, 'audience must be'],
    [{ accessTokenTtl: '5' }, 'accessTokenTtl must be a number of seconds, not "5"'],
    [{ codeTtl: -1 }, 'codeTtl must be'],
    [{ refreshTokenTtl: Number.NaN }, 'refreshTokenTtl must be'],
    [{ deviceInterval: 0 }, 'deviceInterval must be a number of seconds above 0, not 0'],
    [{ now: 5 }, 'now must be a function that returns ms since the epoch, not 5'],
    [{ now: () => new Date() }, 'now must be'],
    [{ users: {} }, 'no setting "users"'],
    [undefined, 'It is undefined'],
  ])('a setting: %o', async (settings, hint) => {
    expect(() => change(settings)).toThrow(hint);
    expect(() => change({ audience: 'changed', ...settings, x: 1 })).toThrow('There is no setting');
    expect(idp.options.audience).toBe('test-api');
    expect(await new Wire(idp).signIn()).toMatchObject({ expires_in: 300 });
  });

  it.each([
    [{ users: {} }, 'needs a user'],
    [{ users: ['alice'] }, 'users must be an object of people by name'],
    [{ users: { alice: 'admin' } }, 'User "alice" must be an object, not "admin"'],
    [{ user: { alice: {} } }, 'no option "user": did you mean users?'],
    [{ clients: [] }, 'needs a client'],
    [{ clients: { clientId: 'a' } }, 'clients must be a list'],
    [
      { clients: [{ clientId: 'a', redirectUri: ['x'] }] },
      'no member "redirectUri" of a client: did you mean redirectUris?',
    ],
    [{ loginAs: 'carol' }, 'no user "carol"'],
    [{ signingAlgorithm: 'RS265' }, 'no signingAlgorithm "RS265": did you mean RS256?'],
    [{ accessTokenTtl: '300' }, 'accessTokenTtl must be'],
  ])('an option: %o', async (options, hint) => {
    await expect(startTestIdp(options as unknown as TestIdpOptions)).rejects.toThrow(hint);
  });

  it('an option of a method', async () => {
    await expect(idp.mintToken({}, { signwith: 'unpublished' } as object)).rejects.toThrow('did you mean signWith?');
    await expect(idp.rotateKeys({ keepold: false } as object)).rejects.toThrow('did you mean keepOld?');
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
  expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('/token, /userinfo')]);
});
