import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { isLoopback, withoutTrailingSlash } from './addresses.js';
import {
  brokerOptionsOf,
  brokerProblems,
  issuerOf,
  PLAIN_REGISTRATION,
  type RegistrationFacts,
  withoutEffect,
} from './broker-options.js';
import { nearestName } from './nearest-name.js';
import type { OidcAuthModuleExtras, OidcAuthOptions } from './oidc-auth-options.js';
import { OPTION_RULES } from './option-rules.js';
import type { ResolvedOptions } from './resolved-options.js';
import { trustedIssuersOf, trustedIssuersProblems } from './trusted-issuers.js';
import { words } from './words.js';

const REQUIRED = ['clientId', 'discoveryUrl'] as const satisfies readonly (keyof OidcAuthOptions)[];

const DAY = 86_400;

/** Named here, too, so that an extra returned from a factory is told apart from a misspelled option. */
const EXTRAS: { readonly [Name in keyof OidcAuthModuleExtras]-?: true } = {
  prefix: true,
  isGlobal: true,
  endpoints: true,
  controllers: true,
  authController: true,
  globalGuard: true,
  brokerStore: true,
  imports: true,
};

export const EXTRA_NAMES: ReadonlySet<string> = new Set(Object.keys(EXTRAS));

/**
 * Reads, checks and completes the options, once at boot.
 *
 * @throws {@link OidcAuthError} `options_invalid` with all problems in one message, those of the registration among them
 */
export function resolveOptions(
  options: OidcAuthOptions,
  registration: RegistrationFacts = PLAIN_REGISTRATION,
): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new OidcAuthError(
      'options_invalid',
      'OidcAuthModule was given no options object: its factory must return one.',
    );
  }
  const problems = [
    ...registration.problems,
    ...unknownNames(options),
    ...missingNames(options),
    ...badValues(options),
    ...contradictions(options),
    ...(options.brokerMode === true ? brokerProblems(options, registration) : []),
    ...trustedIssuersProblems(options, ownIssuer(options, registration)),
  ];
  if (problems.length > 0) {
    const list = problems.map((problem) => `\n  - ${problem}`).join('');
    throw new OidcAuthError(
      'options_invalid',
      `The options of OidcAuthModule have ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:${list}`,
    );
  }
  return withDefaults(options, registration);
}

function* unknownNames(options: OidcAuthOptions): Generator<string> {
  for (const [name, value] of Object.entries(options)) {
    if (name in OPTION_RULES || value === undefined) continue;
    if (name in EXTRAS) {
      yield `${name} is known before the factory runs: give it beside useFactory, not in what the factory returns`;
      continue;
    }
    const nearest = nearestName(name, [...Object.keys(OPTION_RULES), ...EXTRA_NAMES]);
    yield `${name} is not an option${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
  }
}

function* missingNames(options: OidcAuthOptions): Generator<string> {
  for (const name of REQUIRED) {
    if (isMissing(options, name)) yield `${name} is missing: is the environment variable it is read from set?`;
  }
}

/** A variable of the environment that is set to nothing is as good as not set, where there must be something. */
function isMissing(options: OidcAuthOptions, name: keyof OidcAuthOptions): boolean {
  const isRequired = (REQUIRED as readonly string[]).includes(name);
  return options[name] === undefined || (isRequired && options[name] === '');
}

function* badValues(options: OidcAuthOptions): Generator<string> {
  for (const [name, rule] of Object.entries(OPTION_RULES)) {
    const problem = isMissing(options, name as keyof OidcAuthOptions)
      ? undefined
      : rule(options[name as keyof OidcAuthOptions]);
    if (problem !== undefined) yield `${name} ${problem}`;
  }
}

function* contradictions(options: OidcAuthOptions): Generator<string> {
  const { clientSecret, tokenEndpointAuthMethod, allowInsecureRequests } = options;
  if (tokenEndpointAuthMethod !== undefined) {
    const needsSecret = tokenEndpointAuthMethod !== 'none';
    if (needsSecret && clientSecret === undefined)
      yield `tokenEndpointAuthMethod "${tokenEndpointAuthMethod}" needs clientSecret`;
    if (!needsSecret && clientSecret !== undefined)
      yield 'tokenEndpointAuthMethod "none" contradicts clientSecret: leave one out';
  }
  for (const name of ['discoveryUrl', 'jwksUri'] as const) {
    const value = options[name];
    if (typeof value !== 'string' || !URL.canParse(value)) continue;
    const url = new URL(value);
    if (url.protocol === 'http:' && !isLoopback(url) && allowInsecureRequests !== true) {
      yield `${name} is plain http outside loopback: use https, or set allowInsecureRequests: true inside a trusted network`;
    }
  }
  if (options.offlineAccess === false && words(scopesOf(options)).includes('offline_access')) {
    yield 'offlineAccess: false contradicts the scope offline_access in scopes: leave one out';
  }
}

/** What the tokens name that are accepted anyway: this application's, or its provider's. */
function ownIssuer(options: OidcAuthOptions, { prefix }: RegistrationFacts): string | undefined {
  if (options.brokerMode === true) return issuerOf(options, prefix);
  return options.issuer ?? String(options.discoveryUrl).replace(/\/\.well-known\/openid-configuration$/, '');
}

/** Scopes of the wrong type are told elsewhere. */
function scopesOf({ scopes }: OidcAuthOptions): string | readonly string[] | undefined {
  return typeof scopes === 'string' || Array.isArray(scopes) ? scopes : undefined;
}

function withDefaults(options: OidcAuthOptions, registration: RegistrationFacts): ResolvedOptions {
  const { clientSecret } = options;
  const broker = options.brokerMode === true ? brokerOptionsOf(options, registration) : undefined;
  return {
    clientId: options.clientId,
    clientSecret,
    discoveryUrl: new URL(options.discoveryUrl),
    scopes: words(['openid', ...words(options.scopes ?? 'profile email')]),
    allowedScopes: words(options.allowedScopes),
    audience: typeof options.audience === 'string' ? [options.audience] : (options.audience ?? []),
    claims: options.claims ?? {},
    offlineAccess: options.offlineAccess ?? true,
    timeout: options.timeout ?? 10_000,
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    clockTolerance: options.clockTolerance ?? 10,
    jwksUri: options.jwksUri,
    issuer: options.issuer,
    algorithms: options.algorithms,
    publicUrl: options.publicUrl === undefined ? undefined : withoutTrailingSlash(options.publicUrl),
    redirectUris: options.redirectUris ?? [],
    postLogoutRedirectUris: options.postLogoutRedirectUris ?? [],
    authorizationParams: options.authorizationParams ?? {},
    tokenEndpointAuthMethod: options.tokenEndpointAuthMethod,
    allowInsecureRequests: options.allowInsecureRequests ?? false,
    roleSources: (
      options.roleSources ?? ['realm_access.roles', 'resource_access.{clientId}.roles', 'groups', 'roles']
    ).map((source) =>
      source === '*' ? 'resource_access.*.roles' : source.replaceAll('{clientId}', () => options.clientId),
    ),
    encryptionKeys: options.encryptionKeys ?? (clientSecret === undefined ? [] : [{ fromClientSecret: clientSecret }]),
    refreshTokenTtl: options.refreshTokenTtl ?? 30 * DAY,
    trustedIssuers: trustedIssuersOf(options, broker === undefined ? [] : [broker.audience]),
    broker,
    withoutEffect: withoutEffect(options, registration),
  };
}
