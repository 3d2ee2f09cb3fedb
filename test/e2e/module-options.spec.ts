import { describe, expect, it } from 'vitest';
import { OidcAuthModule, type OidcAuthModuleExtras, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startApplication } from '../fixtures/application.js';

const valid: OidcAuthOptions = {
  clientId: 'client',
  clientSecret: 'a secret of more than thirty-two characters',
  // Nobody listens there: what follows is found out before anybody is asked.
  discoveryUrl: 'http://127.0.0.1:1/.well-known/openid-configuration',
};

type Given = { [Name in keyof (OidcAuthOptions & OidcAuthModuleExtras)]?: unknown } & Record<string, unknown>;

const boot = (given: Given) =>
  startApplication(adapters[0], { auth: { ...valid, ...given } as OidcAuthOptions & OidcAuthModuleExtras });

async function problemsOf(given: Given): Promise<string[]> {
  const error = await boot(given).then(
    (app) => app.close().then(() => undefined),
    (error: Error & { code: string }) => error,
  );
  if (error === undefined) return [];
  expect(error.code).toBe('options_invalid');
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^\s+- /, ''));
}

describe('options are checked at boot', () => {
  it('and all problems are told in one error', async () => {
    const problems = await problemsOf({
      clientId: undefined,
      discoveryUrl: 'not a url',
      timeout: -1,
      clientsecret: 'typo',
      algorithms: ['HS256'],
      endpoints: { logn: '/x' },
    });
    expect(problems).toHaveLength(6);
    expect(problems.join('\n')).toMatchInlineSnapshot(`
      "endpoints.logn is not an endpoint: did you mean login?
      clientsecret is not an option: did you mean clientSecret?
      clientId is missing: is the environment variable it is read from set?
      discoveryUrl must be an absolute https:// URL (http:// on loopback), and is "not a url"
      timeout must be a whole number of milliseconds from 1 to 600000
      algorithms [0] must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519""
    `);
  });

  it.each([
    ['clientID', 'clientId'],
    ['discoveryURL', 'discoveryUrl'],
    ['scope', 'scopes'],
    ['client_secret', 'clientSecret'],
    ['redirectUri', 'redirectUris'],
    ['prefx', 'prefix'],
    ['globalGuards', 'globalGuard'],
    ['brokerStoreURL', 'brokerStoreUrl'],
  ])('%s: did you mean %s?', async (name, nearest) => {
    expect(await problemsOf({ [name]: 'x' })).toEqual([`${name} is not an option: did you mean ${nearest}?`]);
  });

  it('a name that is like none gets no suggestion', async () => {
    expect(await problemsOf({ somethingElseEntirely: 1 })).toEqual(['somethingElseEntirely is not an option']);
  });

  it('undefined is the same as left out, known name or not', async () => {
    const names = [
      'clientSecret',
      'scopes',
      'audience',
      'claims',
      'timeout',
      'fetch',
      'issuer',
      'publicUrl',
      'nonsense',
    ];
    const extras = ['prefix', 'isGlobal', 'endpoints', 'controllers', 'authController', 'globalGuard', 'imports'];
    expect(await problemsOf(Object.fromEntries([...names, ...extras].map((name) => [name, undefined])))).toEqual([]);
  });

  it.each([
    ['clientId', ''],
    ['clientId', 5],
    ['clientSecret', ' '],
    ['clientSecret', null],
    ['discoveryUrl', 'ftp://idp.example.org/'],
    ['discoveryUrl', 'https://user:pw@idp.example.org/'],
    ['discoveryUrl', 'http://idp.example.org/'],
    ['jwksUri', 'http://idp.example.org/jwks'],
    ['jwksUri', '/jwks'],
    ['issuer', 'idp.example.org'],
    ['scopes', 5],
    ['scopes', ['a', 5]],
    ['allowedScopes', { a: true }],
    ['audience', ''],
    ['audience', ['']],
    ['claims', []],
    ['claims', { department: undefined }],
    ['offlineAccess', 'never'],
    ['timeout', 0],
    ['timeout', '1000'],
    ['timeout', Number.NaN],
    ['clockTolerance', -1],
    ['clockTolerance', 1.5],
    ['fetch', 'fetch'],
    ['algorithms', []],
    ['algorithms', ['none']],
    ['algorithms', 'RS256'],
    ['publicUrl', 'http://app.example.org'],
    ['publicUrl', 'https://app.example.org/?a=b'],
    ['redirectUris', ['not absolute']],
    ['redirectUris', ['nodot:/callback']],
    ['redirectUris', ['javascript:alert(1)']],
    ['postLogoutRedirectUris', 'https://app.example.org/'],
    ['authorizationParams', { state: 'mine' }],
    ['authorizationParams', { prompt: 5 }],
    ['tokenEndpointAuthMethod', 'private_key_jwt'],
    ['tokenEndpointAuthMethod', 'none'],
    ['allowInsecureRequests', 'true'],
    ['roleSources', 'roles'],
    ['encryptionKeys', []],
    ['encryptionKeys', ['short']],
    ['encryptionKeys', [{}]],
    ['brokerMode', 'yes'],
    ['trustedIssuers', ['peer.example.org']],
    ['prefix', 5],
    ['isGlobal', 'yes'],
    ['controllers', {}],
    ['endpoints', { login: '' }],
    ['endpoints', { login: true }],
    ['endpoints', { login: '/same', logout: '/same' }],
  ])('%s: %j is refused, by its name', async (name, value) => {
    const problems = await problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
  });

  it('http is taken outside loopback where allowInsecureRequests says so', async () => {
    expect(await problemsOf({ discoveryUrl: 'http://idp.invalid/', allowInsecureRequests: true })).toEqual([]);
  });

  it('no message repeats a secret', async () => {
    const secret = 'c2VjcmV0LXRoYXQtbXVzdC1ub3QtYmUtc2hvd24';
    const given = { encryptionKeys: [secret.slice(0, 10)], clientSecret: [secret] };
    const problems = (await problemsOf(given)).join('\n');
    expect(problems).not.toContain(secret.slice(0, 10));
  });
});

describe('what a factory returns is checked at boot', () => {
  const bootAsync = (useFactory: () => unknown) =>
    startApplication(adapters[0], {
      module: { imports: [OidcAuthModule.forRootAsync({ useFactory: useFactory as () => OidcAuthOptions })] },
    });

  it('an extra in it comes too late', async () => {
    await expect(bootAsync(() => ({ ...valid, prefix: '/api' }))).rejects.toThrow(
      'prefix is known before the factory runs: give it beside useFactory, not in what the factory returns',
    );
  });

  it('a variable of the environment that is not set', async () => {
    const options = { ...valid, clientId: process.env['NOT_SET'], discoveryUrl: process.env['NOT_SET'] };
    const error: Error = await bootAsync(() => options).then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    expect(error.message).toContain('clientId is missing: is the environment variable it is read from set?');
    expect(error.message).toContain('discoveryUrl is missing');
  });

  it.each([undefined, null, 'options'])('nothing useful: %s', async (result) => {
    await expect(bootAsync(() => result)).rejects.toMatchObject({ code: 'options_invalid' });
  });

  it('what the factory throws is what boot fails with', async () => {
    const failing = () => {
      throw new Error('the vault is closed');
    };
    await expect(bootAsync(failing)).rejects.toThrow('the vault is closed');
  });

  it.each([
    [
      'an option beside the factory',
      { useFactory: () => valid, clientId: 'x' },
      'clientId is an option: let the factory return it',
    ],
    ['a misspelled extra', { useFactory: () => valid, prefx: '/api' }, 'prefx is not known here: did you mean prefix?'],
    ['no factory at all', {}, 'forRootAsync needs one of useFactory, useClass, useExisting, and was given 0'],
    ['two factories', { useFactory: () => valid, useClass: class {} }, 'and was given 2'],
    ['modules that are no list', { useFactory: () => valid, imports: {} }, 'imports must be an array of modules'],
  ])('%s', async (_, registration, expected) => {
    const imports = [OidcAuthModule.forRootAsync(registration as never)];
    await expect(startApplication(adapters[0], { module: { imports } })).rejects.toThrow(expected);
  });
});
