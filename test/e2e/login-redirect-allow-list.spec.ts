import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { ownCallback } from '../fixtures/sign-in.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

describe.each(adapters)('where a login may lead, on $name', (adapter) => {
  let app: RunningApplication;
  const start = async (options: Partial<OidcAuthOptions>) => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), ...options } });
  };

  const login = (redirect_uri: string) => app.fetch(`/auth/v2/login?${new URLSearchParams({ redirect_uri })}`);

  async function expectAllowed(redirectUri: string) {
    const response = await login(redirectUri);
    expect(response.status).toBe(302);
    const request = new URL(response.headers.get('location')!);
    expect(request.origin).toBe(op.issuer);
    expect(request.searchParams.get('redirect_uri')).toBe(redirectUri);
  }

  async function expectRefused(redirectUri: string) {
    const response = await login(redirectUri);
    expect(response.status).toBe(400);
    // Never a redirect to an address that is not known to be good (RFC 6749 §4.1.2.1).
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await response.json()).toMatchObject({ error: 'invalid_request', statusCode: 400 });
  }

  describe('without publicUrl', () => {
    beforeAll(() => start({ redirectUris: ['https://spa.example.org/callback?tab=1', 'com.example.app:/oauth'] }));
    afterAll(() => app.close());

    it('is our own callback', () => expectAllowed(ownCallback(app)));

    it.each([
      'http://127.0.0.1:1/caught',
      'http://127.0.0.1:65535/',
      'http://127.0.0.1/caught?tab=1',
      'http://localhost:8080/callback',
      'https://localhost:8443/callback',
      'http://[::1]:49152/callback',
    ])('is a loopback address with any port and path: %s', (uri) => expectAllowed(uri));

    it.each(['https://spa.example.org/callback?tab=1', 'com.example.app:/oauth'])(
      'is an address that is listed, exactly: %s',
      (uri) => expectAllowed(uri),
    );

    it.each([
      ['another path', 'https://spa.example.org/callback/'],
      ['another query', 'https://spa.example.org/callback?tab=2'],
      ['no query', 'https://spa.example.org/callback'],
      ['more query', 'https://spa.example.org/callback?tab=1&x=2'],
      ['another case', 'https://spa.example.org/Callback?tab=1'],
      ['another scheme', 'http://spa.example.org/callback?tab=1'],
      ['another port', 'https://spa.example.org:444/callback?tab=1'],
      ['a fragment', 'https://spa.example.org/callback?tab=1#f'],
      ['another path of a private-use scheme', 'com.example.app:/oauth2'],
    ])('is no address that differs from the list by %s', (_, uri) => expectRefused(uri));

    it.each([
      ['https elsewhere', 'https://evil.example/auth/v2/callback'],
      ['http elsewhere', 'http://app.example.org/auth/v2/callback'],
      ['another machine of the loopback network', 'http://127.0.0.2/'],
      ['all interfaces', 'http://0.0.0.0/'],
      ['a host that begins like loopback', 'http://127.0.0.1.evil.example/'],
      ['a host that begins like localhost', 'http://localhost.evil.example/'],
      ['a host that ends like localhost', 'http://evillocalhost/'],
      ['no scheme', '//evil.example/'],
      ['no scheme, loopback', '//localhost/'],
      ['a path', '/auth/v2/callback'],
      ['a word', 'callback'],
      ['a backslash after the scheme', 'http:\\\\localhost\\'],
      ['a backslash before the host', 'http:/\\localhost/'],
      ['a backslash that ends the host for some', 'http://localhost\\@evil.example/'],
      ['a backslash that begins the host for some', 'http://evil.example\\@localhost/'],
      ['one slash', 'http:/localhost/'],
      ['three slashes', 'http:///localhost/'],
      ['no slash', 'http:localhost/'],
      ['a user', 'http://user@localhost/'],
      ['a user and a password', 'http://user:pw@localhost/'],
      ['an empty user', 'http://@localhost/'],
      ['loopback as the user', 'http://localhost@evil.example/'],
      ['loopback as user and password', 'http://localhost:80@evil.example/'],
      ['a fragment', 'http://localhost/#f'],
      ['an empty fragment', 'http://localhost/#'],
      ['a line break', 'http://localhost/\r\nSet-Cookie: a=b'],
      ['a tab in the host', 'http://local\thost/'],
      ['a null character', 'http://localhost/\u0000'],
      ['a space', 'http://localhost/a b'],
      ['a leading space', ' http://localhost/'],
      ['a character beyond ASCII', 'http://localhost/\u00fc'],
      ['a full-width host', 'http://\uff4cocalhost/'],
      ['a full-width solidus', 'http://localhost\uff0f@evil.example/'],
      ['a port that is none', 'http://localhost:99999/'],
      ['script', 'javascript:alert(1)//localhost/'],
      ['data', 'data:text/html,hello'],
      ['a file', 'file:///etc/passwd'],
      ['web sockets', 'ws://localhost/'],
      ['a private-use scheme that is not listed', 'com.example.other:/oauth'],
      ['a private-use scheme on loopback', 'com.example.app://localhost/'],
      ['the out-of-band address', 'urn:ietf:wg:oauth:2.0:oob'],
    ])('is never %s', (_, uri) => expectRefused(uri));

    it.each(['evil.example', 'evil.example:80', 'localhost@evil.example'])(
      'does not depend on what the Host header claims: %s',
      async (host) => {
        const redirect_uri = `http://${host}/auth/v2/callback`;
        const path = `/auth/v2/login?${new URLSearchParams({ redirect_uri })}`;
        const request = httpRequest(`${app.url}${path}`, { headers: { host, 'x-forwarded-host': host } }).end();
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        response.resume();
        expect(response.statusCode).toBe(400);
        expect(response.headers.location).toBeUndefined();
      },
    );
  });

  describe('with publicUrl', () => {
    beforeAll(() => start({ publicUrl: 'https://app.example.org/base/' }));
    afterAll(() => app.close());

    it.each([
      'https://app.example.org/base/auth/v2/callback',
      'https://app.example.org/signed-in?from=login',
      'https://app.example.org',
      'https://APP.example.org:443/x',
    ])('is any address of its origin: %s', (uri) => expectAllowed(uri));

    it('is a loopback address, too', () => expectAllowed('http://127.0.0.1:1/caught'));

    it.each([
      'http://app.example.org/signed-in',
      'https://app.example.org:8443/signed-in',
      'https://sub.app.example.org/',
      'https://example.org/',
      'https://app.example.org.evil.example/',
      'https://app.example.org@evil.example/',
      'https://evil.example\\.app.example.org/',
      'https://user@app.example.org/',
      'https://app.example.org/#f',
      '//app.example.org/',
      'null:/x',
    ])('is no address of another origin: %s', (uri) => expectRefused(uri));
  });

  it.each([
    ['a private-use scheme without a dot', 'myapp:/callback'],
    ['script', 'javascript:alert(1)'],
    ['a fragment', 'https://spa.example.org/#callback'],
    ['a user', 'https://user@spa.example.org/'],
    ['a path', '/callback'],
    ['a wildcard for the host', 'https://*/callback/../\\'],
  ])('cannot be configured as %s', async (_, uri) => {
    await expect(start({ redirectUris: [uri] })).rejects.toThrow('redirectUris');
  });
});
