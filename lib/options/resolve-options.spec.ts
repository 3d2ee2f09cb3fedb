import { describe, expect, it } from 'vitest';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { PLAIN_REGISTRATION } from './broker-options.js';
import type { OidcAuthOptions } from './oidc-auth-options.js';
import { resolveOptions } from './resolve-options.js';
import { words } from './words.js';

const minimal = { clientId: 'client', discoveryUrl: 'https://idp.example.org/.well-known/openid-configuration' };

function problemsOf(options: object): string {
  try {
    resolveOptions(options as OidcAuthOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(OidcAuthError);
    expect((error as OidcAuthError).code).toBe('options_invalid');
    return (error as OidcAuthError).message;
  }
  throw new Error('the options were accepted');
}

describe('the options', () => {
  it('have the documented defaults', () => {
    expect(resolveOptions(minimal)).toMatchObject({
      scopes: ['openid', 'profile', 'email'],
      allowedScopes: [],
      audience: [],
      claims: {},
      offlineAccess: true,
      timeout: 10_000,
      clockTolerance: 10,
      redirectUris: [],
      allowInsecureRequests: false,
      roleSources: ['realm_access.roles', 'resource_access.client.roles', 'groups', 'roles'],
      encryptionKeys: [],
      refreshTokenTtl: 2_592_000,
    });
  });

  it('may be undefined where they are optional', () => {
    const everyOptional = { clientSecret: undefined, scopes: undefined, audience: undefined, timeout: undefined };
    expect(resolveOptions({ ...minimal, ...everyOptional })).toMatchObject({ timeout: 10_000 });
  });

  it('are all told in one error where they are wrong', () => {
    const message = problemsOf({ clientID: 'x', discoveryUrl: 'idp', timeout: '10s', algorithms: ['HS256'] });
    expect(message).toContain('clientID is not an option: did you mean clientId?');
    expect(message).toContain('clientId is missing');
    expect(message).toContain('discoveryUrl must be an absolute https:// URL');
    expect(message).toContain('timeout must be a whole number of milliseconds');
    expect(message).toContain('algorithms [0] must be one of "RS256"');
    expect(message).toContain('have 5 problems');
  });

  it.each([
    ['an empty client id', { clientId: '' }, 'clientId is missing: is the environment variable it is read from set?'],
    ['no algorithm at all', { algorithms: [] }, 'algorithms must not be empty'],
    ['a public URL with a query', { publicUrl: 'https://a.example/?x=1' }, 'publicUrl must have no query'],
    ['a public URL on plain http', { publicUrl: 'http://a.example' }, 'publicUrl must be https://'],
    ['a redirect URI with a fragment', { redirectUris: ['https://a.example/#x'] }, 'without fragment'],
    ['a redirect URI on plain http', { redirectUris: ['http://a.example/'] }, 'redirectUris [0] must be https://'],
    ['an empty audience', { audience: [] }, 'at least one'],
    ['a secret among the parameters', { authorizationParams: { client_secret: 'x' } }, 'must not set client_secret'],
    ['a list of no claim values', { claims: { groups: [] } }, 'demands of "groups"'],
    ['a misspelled anyOf', { claims: { groups: { anyof: ['a'] } } }, 'demands of "groups"'],
    ['a claim value that is not set', { claims: { tenant: [undefined] } }, 'demands of "tenant"'],
    ['a private-use scheme without a dot', { redirectUris: ['myapp:/callback'] }, 'private-use scheme with a dot'],
    ['a parameter of the protocol', { authorizationParams: { state: 'x' } }, 'must not set state'],
    ['a short encryption key', { encryptionKeys: ['c2hvcnQ='] }, 'encryptionKeys [0] must be 32 random bytes'],
    ['a secret method without a secret', { tokenEndpointAuthMethod: 'client_secret_post' }, 'needs clientSecret'],
    ['none with a secret', { clientSecret: 's', tokenEndpointAuthMethod: 'none' }, 'contradicts clientSecret'],
    [
      'plain http outside loopback',
      { discoveryUrl: 'http://idp.internal/.well-known/x' },
      'allowInsecureRequests: true',
    ],
    ['a scope that is forbidden', { offlineAccess: false, scopes: 'offline_access' }, 'contradicts the scope'],
    ['an extra from a factory', { prefix: '/api' }, 'prefix is known before the factory runs'],
    ['a claim path without a value', { claims: { groups: undefined } }, 'demands of "groups"'],
    ['an issuer that is no address', { trustedIssuers: ['peer'] }, 'trustedIssuers [0] issuer must be the URL'],
    ['an issuer without a name', { trustedIssuers: [{ kind: 'broker' }] }, 'trustedIssuers [0] issuer must be the URL'],
    ['an issuer with a query', { trustedIssuers: ['https://peer.example/?a'] }, 'must have no query and no fragment'],
    ['a trusted issuer that is a number', { trustedIssuers: [1] }, 'must be the issuer as a string, or { issuer'],
    [
      'a misspelled member',
      { trustedIssuers: [{ issuer: 'https://peer.example', role: [] }] },
      'has the unknown member role',
    ],
    [
      'an algorithm with a shared secret, of a peer',
      { trustedIssuers: [{ issuer: 'https://peer.example', algorithms: ['HS256'] }] },
      'algorithms must be an array of RS256',
    ],
    [
      'roles that are no list',
      { trustedIssuers: [{ issuer: 'https://peer.example', roles: 'user' }] },
      'roles must be an array of strings; [] lets it claim no role',
    ],
    [
      'a role of a peer that says nothing',
      { trustedIssuers: [{ issuer: 'https://peer.example', roles: ['user', ' '] }] },
      'roles must be an array of strings; [] lets it claim no role',
    ],
    [
      'an audience of a peer that says nothing',
      { trustedIssuers: [{ issuer: 'https://peer.example', audience: ' ' }] },
      'audience must be a string or an array of strings, at least one',
    ],
    [
      'one of several audiences of a peer that says nothing',
      { trustedIssuers: [{ issuer: 'https://peer.example', audience: ['our-api', ' '] }] },
      'audience must be a string or an array of strings, at least one',
    ],
    [
      'another kind',
      { trustedIssuers: [{ issuer: 'https://peer.example', kind: 'saml' }] },
      'kind must be "broker" or "idp"',
    ],
    [
      'two spellings of one issuer',
      { trustedIssuers: ['https://peer.example/api', { issuer: 'HTTPS://PEER.example:443/api/' }] },
      'are one address',
    ],
    ['an issuer named twice', { trustedIssuers: ['https://peer.example', 'https://peer.example'] }, 'are one address'],
    ['a peer on plain http', { trustedIssuers: ['http://peer.example'] }, 'plain http outside loopback'],
    [
      'the keys of a peer on plain http',
      { trustedIssuers: [{ issuer: 'https://peer.example', jwksUri: 'http://peer.example/jwks' }] },
      'plain http outside loopback',
    ],
  ])('refuse %s', (_, options, expected) => expect(problemsOf({ ...minimal, ...options })).toContain(expected));

  it('never repeat a key or a secret in what they complain about', () => {
    const message = problemsOf({ ...minimal, clientSecret: 42, encryptionKeys: ['hunter2-hunter2'] });
    expect(message).not.toContain('hunter2');
  });

  it('allow plain http on loopback, and elsewhere where it is asked for', () => {
    const inCluster = { ...minimal, discoveryUrl: 'http://keycloak:8080/realms/a/.well-known/openid-configuration' };
    expect(() => resolveOptions({ ...inCluster, allowInsecureRequests: true })).not.toThrow();
    expect(() => resolveOptions({ ...minimal, discoveryUrl: 'http://127.0.0.1:1/.well-known/x' })).not.toThrow();
  });
});

describe('the options of broker mode', () => {
  const broker = {
    ...minimal,
    clientSecret: 'a secret of the client',
    brokerMode: true,
    publicUrl: 'https://a.example/',
  };

  it('are not there in pass-through mode, whatever else is given', () => {
    const { brokerMode, ...rest } = broker;
    expect(brokerMode).toBe(true);
    expect(resolveOptions({ ...rest, accessTokenTtl: 60, subject: 'username' }).broker).toBeUndefined();
  });

  it('have the documented defaults', () => {
    const { mapClaims, ...rest } = resolveOptions(broker).broker!;
    expect(rest).toEqual({
      issuer: 'https://a.example',
      issuerIsAudience: false,
      audience: 'https://a.example',
      signingAlgorithm: 'RS256',
      signingKeyMaxAge: 90 * 86_400,
      accessTokenTtl: 3_600,
      sessionMaxTtl: 90 * 86_400,
      refreshGracePeriod: 60,
      subject: 'sub',
      onEvent: undefined,
      storeUrl: undefined,
      storeObj: undefined,
      hasStoreProvider: false,
      appName: 'nestjs-oidc-auth',
    });
    expect(mapClaims({})).toEqual({});
  });

  const at = (prefix: string) => ({ ...PLAIN_REGISTRATION, prefix });
  it.each([
    [{}, at('/api'), 'https://a.example/api'],
    [{ brokerIssuer: 'https://b.example/' }, at(''), 'https://b.example/'],
    [{ brokerIssuer: 'https://b.example/', publicUrl: undefined }, at('/api'), 'https://b.example/'],
    [{ brokerAudience: 'my-api', publicUrl: undefined }, at(''), 'my-api'],
  ])('name the issuer: %j', (options, registration, issuer) => {
    expect(resolveOptions({ ...broker, ...options }, registration).broker).toMatchObject({ issuer });
  });

  it('may name one store, or none', () => {
    expect(resolveOptions({ ...broker, brokerStoreUrl: 'memory://' }).broker).toMatchObject({ storeUrl: 'memory://' });
    const registration = { ...PLAIN_REGISTRATION, hasStoreProvider: true };
    expect(() => resolveOptions(broker, registration)).not.toThrow();
    expect(() => resolveOptions({ ...broker, brokerStoreUrl: 'memory://' }, registration)).toThrow(
      'brokerStoreUrl and the brokerStore extra are given: keep one of them',
    );
  });

  it('take a secret of sixteen characters, and any with a key ring that does not need it', () => {
    expect(() => resolveOptions({ ...broker, clientSecret: 'x'.repeat(16) })).not.toThrow();
    expect(problemsOf({ ...broker, clientSecret: 'x'.repeat(15) })).toContain('fewer than 16 characters');
    const encryptionKeys = [Buffer.alloc(32, 7).toString('base64')];
    expect(() => resolveOptions({ ...broker, clientSecret: 'x', encryptionKeys })).not.toThrow();
    expect(() => resolveOptions({ ...broker, clientSecret: undefined, encryptionKeys })).not.toThrow();
  });

  it.each([
    ['accessTokenTtl', [0, 86_401, 1.5, '60']],
    ['refreshTokenTtl', [0, 366 * 86_400 + 1]],
    ['sessionMaxTtl', [0, 3_660 * 86_400 + 1]],
    ['refreshGracePeriod', [-1, 3_601]],
    ['signingKeyMaxAge', [86_399, 3_660 * 86_400 + 1]],
    ['mapClaims', ['name', {}]],
    ['onEvent', [true]],
    ['brokerStoreObj', [null, {}, 'memory://', []]],
    ['brokerMode', ['true', 1]],
  ])('refuse %s %j', (name, values) => {
    for (const value of values) expect(problemsOf({ ...broker, [name]: value })).toContain(`${name} must be`);
  });
});

describe('words', () => {
  it('splits strings, flattens arrays and drops repetitions', () => {
    expect(words('a  b a')).toEqual(['a', 'b']);
    expect(words(['a b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(words(undefined)).toEqual([]);
  });
});
