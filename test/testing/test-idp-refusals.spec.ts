import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp, type TestIdpRefreshTokenRotation } from '../../lib/testing/test-idp/index.js';
import { bearer } from '../fixtures/application.js';
import { newPkce } from '../fixtures/pkce.js';
import { verdict, Wire } from './wire.js';

let idp: TestIdp;
let wire: Wire;
beforeAll(async () => {
  idp = await startTestIdp({
    signingAlgorithm: 'ES256',
    clients: [
      { clientId: 'first', clientSecret: 'secret-of-first', redirectUris: ['https://app.example.org/callback'] },
      { clientId: 'other', clientSecret: 'secret-of-other' },
      { clientId: 'public' },
      { clientId: 'basic', clientSecret: 'secret-of-basic', tokenEndpointAuthMethod: 'client_secret_basic' },
    ],
  });
  wire = new Wire(idp);
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

describe('the authorization endpoint of the test identity provider', () => {
  it.each([
    ['an unknown client', { client_id: 'nobody' }, 'It has: first, other, public, basic. Give it to startTestIdp('],
    ['no client', { client_id: undefined }, 'no client_id'],
    ['no redirect_uri', { redirect_uri: undefined }, 'no redirect_uri'],
    [
      'a redirect_uri that is not listed',
      { redirect_uri: 'https://evil.example.org/?a=1&b=<i>' },
      'https://app.example.org/callback. Allow it by startTestIdp({ clients: [{ clientId: "first", redirectUris: ["https://evil.example.org/?a=1&b=<i>"] }] })',
    ],
    ['a fragment', { redirect_uri: 'http://127.0.0.1/#fragment' }, 'is not one of client "first"'],
    [
      'a redirect_uri that only begins like loopback',
      { redirect_uri: 'http://127.0.0.1.evil.example.org/' },
      'is not one',
    ],
    ['a login_hint that fits nobody', { login_hint: 'carol' }, 'It has: alice, bob.'],
  ])('shows the developer a page for %s, and redirects nowhere', async (_name, parameters, hint) => {
    const response = await wire.authorize(parameters);
    const page = await response.text();
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.has('location')).toBe(false);
    expect(page.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')).toContain(hint);
    expect(page).not.toContain('<i>');
  });

  it('redirects to what is listed', async () => {
    const response = await wire.authorize({ redirect_uri: 'https://app.example.org/callback' });
    expect(response.headers.get('location')).toMatch(/^https:\/\/app\.example\.org\/callback\?code=/);
  });

  it.each([
    ['unsupported_response_type', { response_type: 'token' }],
    ['invalid_request', { response_type: undefined }],
    ['invalid_request', { response_mode: 'fragment' }],
    ['invalid_request', { prompt: 'none login' }],
    ['invalid_request', { max_age: 'soon' }],
    ['invalid_request', { client_id: 'public' }],
    ['invalid_request', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }],
    ['invalid_request', { code_challenge: 'x'.repeat(43) }],
    ['invalid_request', { code_challenge: 'too-short', code_challenge_method: 'S256' }],
    ['request_not_supported', { request: 'e30.e30.' }],
    ['request_uri_not_supported', { request_uri: 'https://app.example.org/request' }],
  ])('tells the client %s for %o, with its state and iss', async (error, parameters) => {
    const answer = await wire.authorizationResponse({ state: 'mine', ...parameters });
    expect(answer).toEqual({ error, error_description: expect.any(String), state: 'mine', iss: idp.issuer });
  });

  it.each(['scope', 'ui_locales'])('refuses %s that is sent twice, and takes resource twice', async (name) => {
    const { url } = await wire.authorize({ [name]: 'a' });
    const twice = new URL(url);
    twice.searchParams.append(name, 'b');
    const answer = await fetch(twice, { redirect: 'manual' });
    expect(new URL(answer.headers.get('location')!).searchParams.get('error')).toBe('invalid_request');

    const resources = await fetch(`${url}&resource=urn:a&resource=urn:b`, { redirect: 'manual' });
    expect(new URL(resources.headers.get('location')!).searchParams.has('code')).toBe(true);
  });
});

describe('the token endpoint of the test identity provider', () => {
  it('redeems a code once, and ends its tokens when it comes again', async () => {
    const { code } = await wire.authorizationResponse();
    const tokens = (await (await wire.redeem(code)).json()) as Record<string, string>;
    const userinfo = () => fetch(`${idp.issuer}/userinfo`, bearer(tokens['access_token']!));
    expect((await userinfo()).status).toBe(200);
    expect(await verdict(wire.redeem(code))).toBe('400 invalid_grant');
    expect((await userinfo()).status).toBe(401);
    expect(await verdict(wire.refresh(tokens['refresh_token']))).toBe('400 invalid_grant');
  });

  it('redeems a code for its verifier only', async () => {
    const { code_verifier, challenge } = await newPkce();
    const attempt = async (fields: Record<string, string>, request: Record<string, string> = challenge) =>
      verdict(wire.redeem((await wire.authorizationResponse(request))['code'], fields));
    expect(await attempt({ code_verifier })).toBe('200');
    expect(await attempt({})).toBe('400 invalid_grant');
    expect(await attempt({ code_verifier: 'x'.repeat(43) })).toBe('400 invalid_grant');
    // RFC 9700 §4.8.2: a verifier without a challenge is a downgrade.
    expect(await attempt({ code_verifier }, {})).toBe('400 invalid_grant');
  });

  it('redeems a code at its redirect_uri, by its client, within codeTtl', async () => {
    const code = async () => (await wire.authorizationResponse())['code'];
    expect(await verdict(wire.redeem(await code(), { redirect_uri: 'http://127.0.0.1:2/' }))).toBe('400 invalid_grant');
    const other = { client_id: 'other', client_secret: 'secret-of-other' };
    expect(await verdict(wire.redeem(await code(), other))).toBe('400 invalid_grant');
    expect(await verdict(wire.redeem('unknown'))).toBe('400 invalid_grant');
    const start = Date.now();
    idp.change({ now: () => start });
    const [inTime, late] = [await code(), await code()];
    idp.change({ now: () => start + 59_999 });
    expect(await verdict(wire.redeem(inTime))).toBe('200');
    idp.change({ now: () => start + 60_000 });
    expect(await verdict(wire.redeem(late))).toBe('400 invalid_grant');
  });

  it('redeems no code of a login that has ended', async () => {
    const { code } = await wire.authorizationResponse();
    await idp.logOut('alice');
    expect(await verdict(wire.redeem(code))).toBe('400 invalid_grant');
  });

  it.each([
    ['401 invalid_client', { client_secret: 'wrong' }],
    ['401 invalid_client', { client_secret: undefined }],
    ['401 invalid_client', { client_id: undefined, client_secret: undefined }],
    ['401 invalid_client', { client_id: 'nobody' }],
    ['401 invalid_client', { client_id: 'public', client_secret: 'secret-of-nobody' }],
    ['401 invalid_client', { client_id: 'basic', client_secret: 'secret-of-basic' }],
    ['400 unsupported_grant_type', { grant_type: 'password' }],
    ['400 invalid_request', { grant_type: undefined }],
    ['400 invalid_request', { grant_type: 'refresh_token' }],
    ['400 invalid_grant', { grant_type: 'refresh_token', refresh_token: 'unknown' }],
    ['400 invalid_grant', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'unknown' }],
  ])('answers %s to %o', async (expected, fields) => {
    const response = await wire.post('/token', { grant_type: 'client_credentials', ...fields });
    expect(response.headers.has('www-authenticate')).toBe(expected.startsWith('401'));
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await verdict(response)).toBe(expected);
  });

  it('is for POST', async () => {
    const response = await fetch(`${idp.issuer}/token`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each([
    ['none', { renews: false, again: '200', successor: undefined }],
    ['keepOld', { renews: true, again: '200', successor: '200' }],
    ['singleUse', { renews: true, again: '400 invalid_grant', successor: '200' }],
    ['punishReuse', { renews: true, again: '400 invalid_grant', successor: '400 invalid_grant' }],
  ] as [TestIdpRefreshTokenRotation, object][])('rotates refresh tokens as %s says', async (rotation, expected) => {
    idp.change({ refreshTokenRotation: rotation });
    const { refresh_token: first } = await wire.signIn();
    const { refresh_token: second } = (await (await wire.refresh(first)).json()) as Record<string, string>;
    expect({
      renews: second !== undefined && second !== first,
      again: await verdict(wire.refresh(first)),
      successor: second === undefined ? undefined : await verdict(wire.refresh(second)),
    }).toEqual(expected);
  });

  it('gives refresh tokens to every login, to those with offline_access, or to none', async () => {
    const given = async (scope: string) => 'refresh_token' in (await wire.signIn({ scope }));
    expect([await given('openid'), await given('openid offline_access')]).toEqual([true, true]);
    idp.change({ refreshTokens: 'offline_access' });
    expect([await given('openid'), await given('openid offline_access')]).toEqual([false, true]);
    idp.change({ refreshTokens: 'never' });
    expect([await given('openid'), await given('openid offline_access')]).toEqual([false, false]);
  });

  it('lets tokens expire by the clock it is given', async () => {
    const start = Date.now();
    idp.change({ now: () => start, accessTokenTtl: 10, refreshTokenTtl: 20 });
    const tokens = await wire.signIn();
    const userinfo = async () => (await fetch(`${idp.issuer}/userinfo`, bearer(tokens['access_token']!))).status;
    expect(await userinfo()).toBe(200);
    idp.change({ now: () => start + 11_000 });
    expect(await userinfo()).toBe(401);
    idp.change({ now: () => start + 20_000 });
    expect(await verdict(wire.refresh(tokens['refresh_token']))).toBe('400 invalid_grant');
  });

  it('keeps the tokens of one client from another', async () => {
    const { refresh_token: token } = await wire.signIn();
    const other = { client_id: 'other', client_secret: 'secret-of-other' };
    expect(await verdict(wire.refresh(token, other))).toBe('400 invalid_grant');
    expect(await verdict(wire.post('/revoke', { token, ...other }))).toBe('400 unauthorized_client');
    expect(await verdict(wire.refresh(token))).toBe('200');
  });

  it('issues no ID token without the scope openid, and userinfo refuses such a login', async () => {
    const tokens = await wire.signIn({ scope: 'profile' });
    expect(tokens).not.toHaveProperty('id_token');
    const response = await fetch(`${idp.issuer}/userinfo`, bearer(tokens['access_token']!));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });
});

describe('the logout endpoint of the test identity provider', () => {
  const logout = (query: Record<string, string>) =>
    fetch(`${idp.issuer}/logout?${new URLSearchParams(query)}`, { redirect: 'manual' });

  it.each([
    ['nobody to say whose address it is', { post_logout_redirect_uri: 'http://127.0.0.1/' }, 'needs a client_id'],
    [
      'an address that is not listed',
      { client_id: 'first', post_logout_redirect_uri: 'https://evil.example.org/' },
      'postLogoutRedirectUris: ["https://evil.example.org/"]',
    ],
    ['a hint it has not issued', { id_token_hint: 'e30.e30.x' }, 'id_token_hint is no ID token of this provider'],
    ['an unknown client', { client_id: 'nobody', post_logout_redirect_uri: 'http://127.0.0.1/' }, 'has no client'],
  ])('shows a page for %s', async (_name, query, hint) => {
    const response = await logout(query);
    expect(response.status).toBe(400);
    expect((await response.text()).replaceAll('&quot;', '"')).toContain(hint);
  });

  it('does not take the ID token of another client for a hint', async () => {
    const { id_token: hint } = await wire.signIn();
    expect((await logout({ client_id: 'other', id_token_hint: hint! })).status).toBe(400);
    expect((await logout({ client_id: 'first', id_token_hint: hint! })).status).toBe(200);
  });
});
