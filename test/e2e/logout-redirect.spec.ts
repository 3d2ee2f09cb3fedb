import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { UserAgent } from '../fixtures/user-agent.js';

const publicUrl = 'https://app.example.org/base';
const listed = ['https://elsewhere.example.org/bye?a=b', 'com.example.app:/signed-out'];

let op: TestOp;
let withoutLogout: TestOp;
beforeAll(async () => {
  [op, withoutLogout] = await Promise.all([startOp(), startOp({ rpInitiatedLogout: false })]);
});
afterAll(() => Promise.all([op.close(), withoutLogout.close()]));
beforeEach(() => op.reset());

const logoutPath = (parameters: Record<string, string>) => `/auth/v2/logout?${new URLSearchParams(parameters)}`;

function start(adapter: Adapter, provider: TestOp): Promise<RunningApplication> {
  return startApplication(adapter, {
    auth: { ...clientOptions(provider), publicUrl, postLogoutRedirectUris: listed },
  });
}

describe.each(adapters)('logout, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await start(adapter, op);
  });
  afterAll(() => app.close());

  async function redirectOf(response: Response): Promise<URL> {
    expect(response.status).toBe(302);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    return new URL(response.headers.get('location')!, app.url);
  }

  it('leads the browser to the provider, with the name of the client alone where nothing else is given', async () => {
    const target = await redirectOf(await app.fetch('/auth/v2/logout'));
    expect(target.origin + target.pathname).toBe(`${op.issuer}/session/end`);
    expect(Object.fromEntries(target.searchParams)).toEqual({ client_id: op.clients.confidential.clientId });
  });

  it('passes on where to go afterwards, the ID token and the state', async () => {
    const parameters = {
      post_logout_redirect_uri: 'http://127.0.0.1:1/bye?x=1&y=ü',
      id_token_hint: 'a.b.c',
      state: 'the state | of the client & more',
    };
    const target = await redirectOf(await app.fetch(logoutPath(parameters)));
    expect(Object.fromEntries(target.searchParams)).toEqual({
      client_id: op.clients.confidential.clientId,
      ...parameters,
    });
  });

  it('leaves out what is empty or not known', async () => {
    const response = await app.fetch(
      logoutPath({ post_logout_redirect_uri: '', id_token_hint: '', state: '', client_id: 'other', nonsense: 'x' }),
    );
    expect(Object.fromEntries((await redirectOf(response)).searchParams)).toEqual({
      client_id: op.clients.confidential.clientId,
    });
  });

  it('ends the session at the provider and comes back', async () => {
    const browser = new UserAgent();
    const login = new URLSearchParams({ redirect_uri: `${app.url}/caught` });
    const { url: caught } = await browser.follow(`${app.url}/auth/v2/login?${login}`, {
      until: (location) => location.startsWith(`${app.url}/caught`),
    });
    const callback = new URL(caught).searchParams;
    const tokens = await app.fetch('/auth/v2/token', {
      method: 'POST',
      body: new URLSearchParams({
        code: callback.get('code')!,
        redirect_uri: `${app.url}/caught`,
        code_verifier: callback.get('state')!,
      }),
    });
    const { id_token: idToken } = await tokensIn(tokens);

    const bye = `${app.url}/bye`;
    const parameters = { post_logout_redirect_uri: bye, id_token_hint: idToken!, state: 'mine' };
    const { url } = await browser.follow(`${app.url}${logoutPath(parameters)}`, {
      until: (location) => location.startsWith(bye),
    });
    expect(url).toBe(`${bye}?state=mine`);
  });

  it('answers HEAD with 405 and Allow, and asks nobody anything', async () => {
    const response = await app.fetch('/auth/v2/logout', { method: 'HEAD' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET');
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it.each(['post_logout_redirect_uri', 'id_token_hint', 'state'])(
    'refuses %s where it is given twice or of 10 kB',
    async (name) => {
      const twice = await app.fetch(`/auth/v2/logout?${name}=one&${name}=one`);
      const { error_description: text } = await expectOAuthError(twice, 400, 'invalid_request');
      expect(text).toBe(`${name} is given more than once.`);
      expect(twice.headers.get('referrer-policy')).toBe('no-referrer');
      await expectOAuthError(await app.fetch(logoutPath({ [name]: 'x'.repeat(10_000) })), 400, 'invalid_request');
    },
  );

  it('is not confused by a query that is no UTF-8, or by control characters', async () => {
    for (const query of ['state=%ff%fe', 'state=%', 'state=a%0d%0aSet-Cookie:%20a=b', 'state=%00', '&&=&;', 'state']) {
      const response = await app.fetch(`/auth/v2/logout?${query}`);
      expect(response.status).toBe(302);
      expect(response.headers.get('set-cookie')).toBeNull();
    }
  });
});

describe.each(adapters)('logout, where the provider has no end_session_endpoint, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await start(adapter, withoutLogout);
  });
  afterAll(() => app.close());

  const locationFor = async (uri: string) => {
    const response = await app.fetch(logoutPath({ post_logout_redirect_uri: uri, id_token_hint: 'a.b.c', state: 's' }));
    expect(response.status).toBe(302);
    return response.headers.get('location');
  };

  it.each([
    'https://app.example.org/',
    'https://app.example.org/bye?x=1',
    'HTTPS://APP.example.org:443/bye',
    ...listed,
  ])('goes to %s, which is on our origin or listed', async (uri) => {
    expect(await locationFor(uri)).toBe(uri);
  });

  it.each([
    'https://evil.example.org/',
    'https://app.example.org.evil.example.org/',
    'https://app.example.org@evil.example.org/',
    'https://user:pw@app.example.org/',
    'http://app.example.org/',
    'https://app.example.org:8443/',
    '//app.example.org/',
    '//evil.example.org/',
    '/\\evil.example.org',
    'https:/\\evil.example.org/',
    'https:evil.example.org',
    'https://app.example.org\\@evil.example.org/',
    'https://app.example.org/\r\nSet-Cookie: a=b',
    'https://app.example.org/#fragment',
    'https://elsewhere.example.org/bye',
    'https://elsewhere.example.org/bye?a=b&c=d',
    'http://127.0.0.1:8080/',
    'javascript:alert(1)',
    'data:text/html,hello',
    'com.example.other:/signed-out',
    '/relative',
    'nonsense',
    ' ',
  ])('goes to / instead of %j', async (uri) => {
    expect(await locationFor(uri)).toBe('/');
  });

  it('goes to / where nothing is asked for', async () => {
    expect((await app.fetch('/auth/v2/logout')).headers.get('location')).toBe('/');
  });
});

describe.each(adapters)('logout, while the provider is down from the start, on $name', (adapter) => {
  it('is 503 with Retry-After, and works as soon as the provider is back', async () => {
    op.faults.set('discovery', fault.down);
    const app = await start(adapter, op);
    await expectUnavailable(await app.fetch('/auth/v2/logout'));
    op.faults.clear();
    await expect.poll(async () => (await app.fetch('/auth/v2/logout')).status).toBe(302);
    await app.close();
  });
});
