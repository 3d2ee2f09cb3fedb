import { claimConstraintsProblem } from './constraint-problems.js';
import { quoted } from '../errors/operator-log.js';
import { missingStoreMethods } from '../store/store-shape.js';
import { isConfidential, joinPaths, parseHttpUrl, parseRedirectTarget } from './addresses.js';
import { LONGEST_ACCESS_TOKEN_TTL } from './broker-options.js';
import type { OidcAuthOptions } from './oidc-auth-options.js';
import { SIGNATURE_ALGORITHMS, SIGNING_ALGORITHMS } from './signature-algorithms.js';
import { trustedIssuerProblem } from './trusted-issuers.js';
import { isOneOrMoreTexts, isText, isTexts } from './value-tests.js';

/** Says what is wrong with a value, in words that follow the option's name; `undefined` where nothing is. */
export type OptionRule = (value: unknown) => string | undefined;

/** What the library itself sets in an authorization request; overriding one would break the login or its safety. */
const RESERVED_AUTHORIZATION_PARAMETERS: ReadonlySet<string> = new Set([
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'code_verifier',
]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: OptionRule = (value) => (isText(value) ? undefined : 'must be a string that is not empty');
const flag: OptionRule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const callable: OptionRule = (value) => (typeof value === 'function' ? undefined : 'must be a function');

const textOrList: OptionRule = (value) =>
  typeof value === 'string' || isTexts(value) ? undefined : 'must be a string or an array of strings';

const listOf =
  (rule: OptionRule): OptionRule =>
  (value) => {
    if (!Array.isArray(value)) return 'must be an array';
    const wrong = value.findIndex((item) => rule(item) !== undefined);
    return wrong === -1 ? undefined : `[${wrong}] ${rule(value[wrong])}`;
  };

const oneOf =
  (...allowed: readonly unknown[]): OptionRule =>
  (value) =>
    allowed.includes(value) ? undefined : `must be one of ${allowed.map((item) => JSON.stringify(item)).join(', ')}`;

const wholeNumber =
  (unit: string, least: number, most: number): OptionRule =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `must be a whole number of ${unit} from ${least} to ${most}`;

/** Unless there may be a password in it. */
const shown = (value: unknown): string =>
  typeof value === 'string' && !value.includes('@') ? `, and is ${quoted(value)}` : '';

const httpUrl: OptionRule = (value) =>
  typeof value === 'string' && parseHttpUrl(value) !== undefined
    ? undefined
    : `must be an absolute https:// URL (http:// on loopback)${shown(value)}`;

const publicUrl: OptionRule = (value) => {
  const problem = httpUrl(value);
  if (problem !== undefined) return problem;
  const url = new URL(value as string);
  if (url.search !== '' || url.hash !== '') return 'must have no query and no fragment';
  return isConfidential(url) ? undefined : 'must be https:// (http:// only on loopback)';
};

/** What login and logout would refuse is refused here, where its author sees it. */
const redirectTarget: OptionRule = (value) => {
  const url = typeof value === 'string' ? parseRedirectTarget(value) : undefined;
  if (url === undefined) {
    return 'must be an absolute https:// URI or one of a private-use scheme with a dot ("com.example:/…"), without fragment';
  }
  return isConfidential(url) ? undefined : 'must be https:// (http:// only on loopback)';
};

const authorizationParams: OptionRule = (value) => {
  if (!isObject(value) || !Object.values(value).every((item) => typeof item === 'string')) {
    return 'must be an object of strings';
  }
  const reserved = Object.keys(value).filter((name) => RESERVED_AUTHORIZATION_PARAMETERS.has(name));
  return reserved.length === 0 ? undefined : `must not set ${reserved.join(', ')}: the library does`;
};

const encryptionKey: OptionRule = (value) => {
  if (isObject(value)) return text(value['fromClientSecret']) && 'must hold a string in fromClientSecret';
  // The value itself is a secret and must not be repeated in the message.
  return typeof value === 'string' && Buffer.from(value, 'base64').length === 32
    ? undefined
    : 'must be 32 random bytes in base64: node -p "crypto.randomBytes(32).toString(\'base64\')"';
};

const brokerStore: OptionRule = (value) => {
  const missing = missingStoreMethods(value);
  if (missing.length === 0) return undefined;
  if (typeof value === 'function') return 'must be a BrokerStore, and is a class or a function: give an instance';
  const isPromise = typeof (value as PromiseLike<unknown> | null)?.then === 'function';
  return isPromise
    ? 'must be a BrokerStore, and is a Promise: await it'
    : `must be a BrokerStore, and has no ${missing.join(', ')}`;
};

/** One rule for each option, so that a new option cannot be forgotten here: it would not compile. */
export const OPTION_RULES: { readonly [Name in keyof OidcAuthOptions]-?: OptionRule } = {
  clientId: text,
  clientSecret: text,
  discoveryUrl: httpUrl,
  scopes: textOrList,
  allowedScopes: textOrList,
  audience: (value) => (isOneOrMoreTexts(value) ? undefined : 'must be a string or an array of strings, at least one'),
  claims: claimConstraintsProblem,
  offlineAccess: oneOf(true, false, 'always'),
  timeout: wholeNumber('milliseconds', 1, 600_000),
  fetch: callable,
  clockTolerance: wholeNumber('seconds', 0, 600),
  jwksUri: httpUrl,
  issuer: httpUrl,
  algorithms: (value) =>
    Array.isArray(value) && value.length === 0 ? 'must not be empty' : listOf(oneOf(...SIGNATURE_ALGORITHMS))(value),
  publicUrl,
  redirectUris: listOf(redirectTarget),
  postLogoutRedirectUris: listOf(redirectTarget),
  authorizationParams,
  tokenEndpointAuthMethod: oneOf('client_secret_basic', 'client_secret_post', 'none'),
  allowInsecureRequests: flag,
  roleSources: listOf(text),
  encryptionKeys: (value) =>
    Array.isArray(value) && value.length === 0 ? 'must not be empty' : listOf(encryptionKey)(value),
  appName: text,
  brokerMode: flag,
  brokerStoreUrl: text,
  brokerStoreObj: brokerStore,
  brokerAudience: text,
  brokerIssuer: httpUrl,
  brokerJwksPath: (value) =>
    isText(value) && joinPaths(value) !== '' ? undefined : 'must be a path, e.g. "/auth/v2/.well-known/jwks.json"',
  trustedIssuers: listOf(trustedIssuerProblem),
  signingAlgorithm: oneOf(...SIGNING_ALGORITHMS),
  signingKeyMaxAge: wholeNumber('seconds', 86_400, 3_660 * 86_400),
  accessTokenTtl: wholeNumber('seconds', 1, LONGEST_ACCESS_TOKEN_TTL),
  refreshTokenTtl: wholeNumber('seconds', 1, 366 * 86_400),
  sessionMaxTtl: wholeNumber('seconds', 1, 3_660 * 86_400),
  refreshGracePeriod: wholeNumber('seconds', 0, 3_600),
  subject: oneOf('sub', 'username'),
  mapClaims: callable,
  onEvent: callable,
};
