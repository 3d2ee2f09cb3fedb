import { joinPaths, withoutTrailingSlash } from './addresses.js';
import type { OidcAuthOptions } from './oidc-auth-options.js';
import type { BrokerOptions } from './resolved-options.js';
import { DEFAULT_JWKS_PATH } from './trusted-issuers.js';

const DAY = 86_400;
const SHORTEST_SECRET = 16;

/** s; how long a signing key stays published after its last use depends on it. */
export const LONGEST_ACCESS_TOKEN_TTL = 86_400;

/** What a registration fixes beside the options, as far as they must agree. */
export interface RegistrationFacts {
  /** What is wrong with the registration itself, to be told in the same error. */
  readonly problems: readonly string[];
  readonly prefix: string;
  readonly hasTokenEndpoint: boolean;
  /** Path of the JWKS relative to the prefix; `undefined` where it is left out. */
  readonly jwksPath: string | undefined;
  /** Whether the store is given as a Nest provider. */
  readonly hasStoreProvider: boolean;
}

/** A registration that leaves everything where it is. */
export const PLAIN_REGISTRATION: RegistrationFacts = {
  problems: [],
  prefix: '',
  hasTokenEndpoint: true,
  jwksPath: DEFAULT_JWKS_PATH,
  hasStoreProvider: false,
};

/** What nothing but broker mode reads. */
const BROKER_ONLY = [
  'brokerStoreUrl',
  'brokerStoreObj',
  'brokerAudience',
  'brokerIssuer',
  'accessTokenTtl',
  'sessionMaxTtl',
  'refreshGracePeriod',
  'signingAlgorithm',
  'signingKeyMaxAge',
  'subject',
  'mapClaims',
  'onEvent',
] as const satisfies readonly (keyof OidcAuthOptions)[];

const STORE_EXTRA = 'the brokerStore extra';

/** Options of broker mode where nobody has said whether it is on: whoever says `brokerMode: false` knows. */
export function withoutEffect(options: OidcAuthOptions, registration: RegistrationFacts): readonly string[] {
  if (options.brokerMode !== undefined) return [];
  const names = BROKER_ONLY.filter((name) => options[name] !== undefined);
  return registration.hasStoreProvider ? [...names, STORE_EXTRA] : names;
}

/** What contradicts itself, or is missing, in broker mode only. */
export function* brokerProblems(options: OidcAuthOptions, registration: RegistrationFacts): Generator<string> {
  const { brokerStoreUrl, brokerStoreObj, brokerJwksPath } = options;
  if (!registration.hasTokenEndpoint) {
    yield 'brokerMode needs the token endpoint, which endpoints.token: false leaves out';
  }
  if (issuerOf(options, registration.prefix) === undefined) {
    yield "brokerMode needs publicUrl, the application's public address (or brokerIssuer, if its tokens shall name another issuer)";
  }
  const stores = {
    brokerStoreUrl: brokerStoreUrl !== undefined,
    brokerStoreObj: brokerStoreObj !== undefined,
    [STORE_EXTRA]: registration.hasStoreProvider,
  };
  const given = Object.entries(stores).flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  if (given.length > 1) yield `${given.join(' and ')} are given: keep one of them`;
  if (typeof brokerJwksPath === 'string' && joinPaths(brokerJwksPath) !== registration.jwksPath) {
    yield (
      `brokerJwksPath is ${JSON.stringify(brokerJwksPath)}, but the JWKS endpoint is at ${JSON.stringify(registration.jwksPath ?? false)}: ` +
      'paths are fixed before a factory runs, so say it in endpoints.jwks, too'
    );
  }
  yield* keyProblems(options);
}

/** What is stored is only as safe as the key it is sealed with. */
function* keyProblems({ clientSecret, encryptionKeys }: OidcAuthOptions): Generator<string> {
  if (encryptionKeys === undefined && clientSecret === undefined) {
    yield (
      'encryptionKeys is missing: a client without a secret needs a key to seal what broker mode stores. Make one by ' +
      'node -p "crypto.randomBytes(32).toString(\'base64\')" and keep it: without it all sessions are lost'
    );
  }
  const secrets = Array.isArray(encryptionKeys)
    ? encryptionKeys.flatMap((key) => (typeof key === 'object' ? [key?.fromClientSecret] : []))
    : [clientSecret];
  if (secrets.some((secret) => typeof secret === 'string' && secret.length < SHORTEST_SECRET)) {
    yield (
      `a client secret of fewer than ${SHORTEST_SECRET} characters is too weak to seal what broker mode stores: use a longer one, or set ` +
      'encryptionKeys'
    );
  }
}

/** The options of broker mode, of which {@link brokerProblems} found nothing wrong. */
export function brokerOptionsOf(options: OidcAuthOptions, registration: RegistrationFacts): BrokerOptions {
  const issuer = issuerOf(options, registration.prefix)!;
  return {
    issuer,
    issuerIsAudience: options.publicUrl === undefined && options.brokerIssuer === undefined,
    audience: options.brokerAudience ?? issuer,
    signingAlgorithm: options.signingAlgorithm ?? 'RS256',
    signingKeyMaxAge: options.signingKeyMaxAge ?? 90 * DAY,
    accessTokenTtl: options.accessTokenTtl ?? 3_600,
    sessionMaxTtl: options.sessionMaxTtl ?? 90 * DAY,
    refreshGracePeriod: options.refreshGracePeriod ?? 60,
    subject: options.subject ?? 'sub',
    mapClaims: options.mapClaims ?? (() => ({})),
    onEvent: options.onEvent,
    storeUrl: options.brokerStoreUrl,
    storeObj: options.brokerStoreObj,
    hasStoreProvider: registration.hasStoreProvider,
    appName: options.appName ?? 'nestjs-oidc-auth',
  };
}

/** What issued tokens name as `iss`. */
export function issuerOf(
  { brokerIssuer, publicUrl, brokerAudience }: OidcAuthOptions,
  prefix: string,
): string | undefined {
  return brokerIssuer ?? (typeof publicUrl === 'string' ? addressOf(publicUrl, prefix) : brokerAudience);
}

function addressOf(publicUrl: string, prefix: string): string {
  return `${withoutTrailingSlash(publicUrl)}${prefix}`;
}
