import { describe, expect, it } from 'vitest';
import { MemoryBrokerStore, OidcAuthModule, type OidcAuthModuleExtras, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startApplication } from '../fixtures/application.js';
import { newEncryptionKey } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';

const valid: OidcAuthOptions = {
  clientId: 'client',
  clientSecret: 'a secret of more than thirty-two characters',
  // Nobody listens there: what follows is found out before anybody is asked.
  discoveryUrl: 'http://127.0.0.1:1/.well-known/openid-configuration',
  brokerMode: true,
  publicUrl: 'https://app.example.org',
  brokerStoreUrl: 'memory://',
};

type Given = { [Name in keyof (OidcAuthOptions & OidcAuthModuleExtras)]?: unknown };

async function errorOf(boot: Promise<{ close(): Promise<void> }>): Promise<Error & { code: string }> {
  const booted = await boot.catch((error: Error & { code: string }) => error);
  if (booted instanceof Error) return booted;
  await booted.close();
  throw new Error('the application started');
}

const boot = (given: Given, logger = new OperatorLines()) =>
  startApplication(adapters[0], { auth: { ...valid, ...given } as OidcAuthOptions & OidcAuthModuleExtras, logger });

async function warningsOf(given: Given): Promise<string> {
  const logger = new OperatorLines();
  const app = await boot(given, logger);
  await app.close();
  return logger.lines.join('\n');
}

describe('broker mode does not start', () => {
  it.each<[string, Given, string]>([
    [
      'without the token endpoint',
      { endpoints: { token: false } },
      'brokerMode needs the token endpoint, which endpoints.token: false leaves out',
    ],
    [
      'without an issuer',
      { publicUrl: undefined },
      "brokerMode needs publicUrl, the application's public address (or brokerIssuer, if its tokens shall name another issuer)",
    ],
    [
      'with two stores',
      { brokerStoreObj: storeLike() },
      'brokerStoreUrl and brokerStoreObj are given: keep one of them',
    ],
    [
      'with three stores',
      { brokerStoreObj: storeLike(), brokerStore: { useValue: storeLike() } },
      'brokerStoreUrl and brokerStoreObj and the brokerStore extra are given: keep one of them',
    ],
    [
      'with an object that is no store',
      { brokerStoreUrl: undefined, brokerStoreObj: { ...storeLike(), replace: undefined, now: 5 } },
      'brokerStoreObj must be a BrokerStore, and has no now, replace',
    ],
    [
      'with a JWKS path that is none',
      { brokerJwksPath: 5 },
      'brokerJwksPath must be a path, e.g. "/auth/v2/.well-known/jwks.json"',
    ],
    [
      'with an endpoint elsewhere than the JWKS path says',
      { brokerJwksPath: '/jwks.json', endpoints: { jwks: '/keys' } },
      'brokerJwksPath is "/jwks.json", but the JWKS endpoint is at "/keys"',
    ],
    [
      'with a JWKS path but no endpoint',
      { brokerJwksPath: '/jwks.json', endpoints: { jwks: false } },
      'brokerJwksPath is "/jwks.json", but the JWKS endpoint is at false',
    ],
    [
      'for a public client without encryptionKeys',
      { clientSecret: undefined },
      'Make one by node -p "crypto.randomBytes(32).toString(\'base64\')" and keep it: without it all sessions are lost',
    ],
    [
      'with a weak secret',
      { clientSecret: 'fifteen letters' },
      'a client secret of fewer than 16 characters is too weak',
    ],
    [
      'with a weak secret in the ring',
      { encryptionKeys: [newEncryptionKey(), { fromClientSecret: 'fifteen letters' }] },
      'a client secret of fewer than 16 characters is too weak',
    ],
    ['with an issuer that is no URL', { brokerIssuer: 'me' }, 'brokerIssuer must be an absolute https:// URL'],
    ['with an algorithm of shared secrets', { signingAlgorithm: 'HS256' }, 'signingAlgorithm must be one of "RS256"'],
    [
      'with a grace period of days',
      { refreshGracePeriod: 86_400 },
      'refreshGracePeriod must be a whole number of seconds from 0 to 3600',
    ],
    [
      'with access tokens for a week',
      { accessTokenTtl: 604_800 },
      'accessTokenTtl must be a whole number of seconds from 1 to 86400',
    ],
    [
      'with the class of a store',
      { brokerStoreUrl: undefined, brokerStoreObj: MemoryBrokerStore },
      'brokerStoreObj must be a BrokerStore, and is a class or a function: give an instance',
    ],
    [
      'with a store that is still to come',
      { brokerStoreUrl: undefined, brokerStoreObj: Promise.resolve(new MemoryBrokerStore()) },
      'brokerStoreObj must be a BrokerStore, and is a Promise: await it',
    ],
    ['with another subject', { subject: 'email' }, 'subject must be one of "sub", "username"'],
  ])('%s', async (_, given, problem) => {
    const error = await errorOf(boot(given));
    expect(error.code).toBe('options_invalid');
    expect(error.message.split('\n').slice(1)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['of another kind', 'redis://10.1.2.3/0', 'must begin with one of memory://, sqlite:///path, postgres://'],
    ['that is none', 'nonsense', 'cannot be read'],
    ['with a password that was not encoded', 'postgres://u:p@ss/w@10.1.2.3/db', 'percent-encoded'],
    ['of MongoDB without a database', 'mongodb://10.1.2.3', 'names no database'],
  ])('with a store URL %s, which is not repeated', async (_, brokerStoreUrl, problem) => {
    const error = await errorOf(boot({ brokerStoreUrl }));
    expect(error.code).toBe('store_misconfigured');
    expect(error.message).toContain(problem);
    expect(error.message).not.toContain(brokerStoreUrl);
    expect(error.message).not.toContain('10.1.2.3');
  });

  it('with a JWKS path that only the factory knows', async () => {
    const imports = [OidcAuthModule.forRootAsync({ useFactory: () => ({ ...valid, brokerJwksPath: '/jwks.json' }) })];
    const error = await errorOf(startApplication(adapters[0], { auth: undefined, module: { imports } }));
    expect(error.message).toContain(
      'brokerJwksPath is "/jwks.json", but the JWKS endpoint is at "/auth/v2/.well-known/jwks.json": ' +
        'paths are fixed before a factory runs, so say it in endpoints.jwks, too',
    );
  });
});

describe.each(adapters)('broker mode starts, on $name', (adapter) => {
  it('with a JWKS path that factory and registration agree on', async () => {
    const imports = [
      OidcAuthModule.forRootAsync({
        prefix: '/api',
        endpoints: { jwks: 'jwks.json' },
        useFactory: () => ({ ...valid, brokerJwksPath: '/jwks.json' }),
      }),
    ];
    const app = await startApplication(adapter, { auth: undefined, module: { imports } });
    expect((await app.fetch('/api/jwks.json')).status).toBe(200);
    await app.close();
  });

  it('with options that pass-through mode does not read, none of which is checked for sense there', async () => {
    const app = await startApplication(adapter, {
      auth: { ...valid, brokerMode: false, brokerStoreUrl: 'postgres://127.0.0.1:1/nobody', signingAlgorithm: 'PS256' },
    });
    expect((await app.fetch('/auth/v2/.well-known/jwks.json')).status).toBe(404);
    await app.close();
  });
});

describe('broker mode warns at boot', () => {
  it('of a secret under 32 characters, from which the key is made', async () => {
    const clientSecret = 'twenty-five characters…..';
    expect(await warningsOf({ clientSecret })).toContain(
      'clientSecret has fewer than 32 characters, and all that is stored',
    );
    expect(await warningsOf({ clientSecret, encryptionKeys: [newEncryptionKey()] })).not.toContain('fewer than');
    expect(await warningsOf({})).not.toContain('fewer than');
  });

  it('where nothing but the audience names the application', async () => {
    const warnings = await warningsOf({ publicUrl: undefined, brokerAudience: 'my-api' });
    expect(warnings).toContain('tokens name the issuer "my-api" (brokerAudience), which is no address');
    expect(warnings).toContain('federation and metadata are off');
    expect(await warningsOf({ brokerAudience: 'my-api' })).not.toContain('federation');
  });

  it('of nothing else where all is set, and says what tokens are issued as', async () => {
    const logger = new OperatorLines();
    const app = await boot({ prefix: '/api' }, logger);
    expect(logger.containing('tokens are issued as https://app.example.org/api')).toHaveLength(1);
    await app.close();
  });
});

function storeLike(): Record<string, unknown> {
  const methods = 'setup close ping now insert find replace remove list removeAll purgeExpired'.split(' ');
  return Object.fromEntries(methods.map((name) => [name, async () => undefined]));
}
