import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp } from '../../lib/testing/test-idp/index.js';
import { redirectUri, verdict, Wire } from './wire.js';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp({ signingAlgorithm: 'ES256' });
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

const FORM = 'application/x-www-form-urlencoded';
const credentials = () => ({ client_id: idp.options.clientId, client_secret: idp.options.clientSecret! });
const basic = () => `Basic ${btoa(`${idp.options.clientId}:${idp.options.clientSecret}`)}`;
const asked = { grant_type: 'client_credentials', scope: 'orders:read' };

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${idp.issuer}${path}`, { method: 'POST', body, headers, redirect: 'manual' });
}

describe('what is posted is read from the form alone (RFC 6749 §2.3.1, §3.2), so', () => {
  it('a secret in the query authenticates nobody', async () => {
    const query = new URLSearchParams(credentials());
    const form = new URLSearchParams(asked).toString();
    expect(await verdict(post(`/token?${query}`, form, { 'content-type': FORM }))).toBe('401 invalid_client');
    expect(await verdict(post(`/token?${query}&${form}`, ''))).toBe('401 invalid_client');
    expect(idp.requests('token').map(({ parameters }) => parameters)).toEqual([asked, {}]);
  });

  it('a grant in the query is none', async () => {
    const query = new URLSearchParams(asked);
    const answer = post(`/token?${query}`, '', { authorization: basic(), 'content-type': FORM });
    expect(await verdict(answer)).toBe('400 invalid_request');
  });

  it.each(['/token', '/revoke', '/introspect', '/device_authorization', '/userinfo'])(
    'JSON is refused at %s',
    async (path) => {
      const body = JSON.stringify({ ...credentials(), ...asked, token: 'x' });
      const headers = { authorization: basic(), 'content-type': 'application/json' };
      const response = await post(path, body, headers);
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: 'invalid_request', error_description: `the body is application/json, not ${FORM}` },
      ]);
    },
  );

  it.each(['text/plain', `${FORM}-not`, `text/plain; ${FORM}`])(
    'a form that is sent as %s is refused',
    async (type) => {
      const form = new URLSearchParams({ ...credentials(), ...asked }).toString();
      expect(await verdict(post('/token', form, { 'content-type': type }))).toBe('400 invalid_request');
    },
  );

  it.each([FORM, `${FORM};charset=UTF-8`, 'Application/X-WWW-Form-Urlencoded'])('a form is one as %s', async (type) => {
    const form = new URLSearchParams({ ...credentials(), ...asked }).toString();
    expect(await verdict(post('/token', form, { 'content-type': type }))).toBe('200');
  });

  it('an access token is taken from header and form at userinfo, never from the query (RFC 6750 §2)', async () => {
    const token = await idp.mintToken();
    const [headers, form] = [{ authorization: `Bearer ${token}` }, `access_token=${token}`];
    expect((await post('/userinfo', '', headers)).status).toBe(200);
    expect((await post('/userinfo', form, { 'content-type': FORM })).status).toBe(200);
    expect((await post(`/userinfo?${form}`, '')).status).toBe(401);
    expect((await fetch(`${idp.issuer}/userinfo?${form}`)).status).toBe(401);
  });
});

it('an authorization request is a query or a form (OpenID Connect Core §3.1.2.1)', async () => {
  const { url } = await new Wire(idp).authorize();
  const { search } = new URL(url);
  const form = await post('/authorize', search.slice(1), { 'content-type': FORM });
  expect(form.headers.get('location')).toMatch(`${redirectUri}?code=`);
  expect((await post(`/authorize${search}`, '')).status).toBe(400);
});
