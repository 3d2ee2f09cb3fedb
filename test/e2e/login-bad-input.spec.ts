import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { statusOfRawTarget } from '../fixtures/raw-bytes.js';
import { caughtRedirect, loginAddress } from '../fixtures/sign-in.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const redirect = `redirect_uri=${encodeURIComponent(caughtRedirect)}`;
const tooLong = 'a'.repeat(10_000);

const parameters = [
  'redirect_uri',
  'prompt',
  'offline_access',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'state',
  'login_hint',
  'acr_values',
  'max_age',
  'ui_locales',
];

/** One acceptable value of each parameter. */
const good: Record<string, string> = {
  redirect_uri: caughtRedirect,
  prompt: 'login',
  offline_access: 'true',
  scope: 'profile',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  state: 'mine',
  login_hint: 'alice',
  acr_values: 'urn:a',
  max_age: '60',
  ui_locales: 'de',
};

describe.each(adapters)('bad input to the login endpoint, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const login = (query: string) => app.fetch(`/auth/v2/login?${query}`);

  async function expectRefused(response: Response, name = '') {
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const body = (await response.json()) as Record<string, string>;
    expect(body).toEqual({
      error: expect.stringMatching(/^invalid_(request|scope)$/),
      error_description: expect.stringContaining(name),
      detail: body.error_description,
      statusCode: 400,
    });
  }

  it.each(['', 'redirect_uri', 'redirect_uri=', 'redirect_uri[]=http://localhost/', 'Redirect_Uri=http://localhost/'])(
    'is refused without a redirect_uri: "%s"',
    async (query) => expectRefused(await login(query), 'redirect_uri'),
  );

  it.each(parameters)('is refused where %s is given twice, even with equal values', async (name) => {
    const needed = name === 'redirect_uri' ? [] : ['redirect_uri'];
    const query = new URLSearchParams([...needed, name, name].map((each): [string, string] => [each, good[each]!]));
    await expectRefused(await login(`${query}`), `${name} is given more than once`);
  });

  it.each(parameters)('is refused where %s has 10,000 characters', async (name) => {
    const query = new URLSearchParams({ redirect_uri: caughtRedirect, [name]: tooLong });
    await expectRefused(await login(`${query}`), name);
  });

  it.each(parameters.filter((name) => name !== 'redirect_uri'))('counts an empty %s as left out', async (name) => {
    const response = await login(`${redirect}&${name}=`);
    expect(response.status).toBe(302);
    expect(new URL(response.headers.get('location')!).searchParams.get(name)).not.toBe('');
  });

  it.each([
    ['prompt', 'create'],
    ['prompt', 'LOGIN'],
    ['prompt', 'login,consent'],
    ['offline_access', '1'],
    ['offline_access', 'yes'],
    ['offline_access', '{}'],
    ['max_age', '-1'],
    ['max_age', '1.5'],
    ['max_age', '1e3'],
    ['max_age', ' 1'],
    ['max_age', 'soon'],
    ['max_age', '99999999999999999999'],
    ['code_challenge_method', 'S256'],
    ['code_challenge_method', 'plain'],
  ])('is refused where %s is "%s"', async (name, value) => {
    await expectRefused(await login(`${new URLSearchParams({ redirect_uri: caughtRedirect, [name]: value })}`), name);
  });

  it.each(['%', '%zz', '%FF', '%E4', '%00', '%C3%28', '%ED%A0%80', '%F0%9F%92%A9', 'a%0D%0AX-Injected:%201', '"><b>'])(
    'never fails over other charsets and broken encodings: %s',
    async (value) => {
      for (const name of parameters) {
        const response = await login(name === 'redirect_uri' ? `${name}=${value}` : `${redirect}&${name}=${value}`);
        expect(response.status === 302 || response.status === 400).toBe(true);
        expect(response.headers.get('x-injected')).toBeNull();
        const location = response.headers.get('location');
        if (location !== null) expect(new URL(location).origin).toBe(op.issuer);
      }
    },
  );

  it.each([
    ['Latin-1', `http://localhost/\u00e4`],
    ['UTF-8', Buffer.from('http://localhost/ä').toString('latin1')],
  ])('never fails over bytes that no URL may hold: %s', async (_, uri) => {
    expect(await statusOfRawTarget(app.url, `/auth/v2/login?redirect_uri=${uri}`)).toBe(400);
  });

  it.each(['__proto__=x', 'constructor=x&hasOwnProperty=x', 'toString=1', 'a[b][c]=d&a[b][c]=e', '&&&=&=x', 'x=1&x=2'])(
    'ignores what it does not know: %s',
    async (query) => {
      expect((await login(`${query}&${redirect}`)).status).toBe(302);
    },
  );

  it('asks the provider nothing', async () => {
    await login('');
    await login('redirect_uri=https://evil.example/');
    expect(op.requests('authorization')).toEqual([]);
    expect(op.requests('token')).toEqual([]);
  });

  it.each(['/auth/v2/login', '/auth/v2/callback', '/auth/v2/logout'])(
    'refuses HEAD at %s without any effect',
    async (path) => {
      const query = loginAddress(app, { redirect_uri: `${app.url}/auth/v2/callback` }).split('?')[1];
      const response = await app.fetch(`${path}?${query}&state=x&code=x`, { method: 'HEAD' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET');
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get('location')).toBeNull();
    },
  );

  it.each(['POST', 'PUT', 'DELETE'])('has no %s', async (method) => {
    const response = await app.fetch(`/auth/v2/login?${redirect}`, { method });
    expect(response.status).toBe(404);
  });
});
