import { isConfidential, joinPaths, parseHttpUrl, withoutTrailingSlash } from './addresses.js';
import type { OidcAuthOptions, TrustedIssuer } from './oidc-auth-options.js';
import type { SignatureAlgorithm } from './signature-algorithms.js';
import { SIGNATURE_ALGORITHMS } from './signature-algorithms.js';
import { isOneOrMoreTexts, isTexts } from './value-tests.js';

/** A {@link TrustedIssuer} after defaults and validation. */
export interface ResolvedTrustedIssuer {
  /** As it was written: `iss` is compared with it byte for byte. */
  readonly issuer: string;
  readonly kind: 'broker' | 'idp';
  /** `undefined`: what its metadata says. */
  readonly jwksUri: string | undefined;
  /** One at least, of which one must be in `aud`. */
  readonly audience: readonly string[];
  /** `undefined`: what its metadata says. */
  readonly algorithms: readonly SignatureAlgorithm[] | undefined;
  /** `undefined`: any. */
  readonly roles: readonly string[] | undefined;
}

/** Where a broker has its JWKS, relative to its issuer, unless it says otherwise: one path for all of a federation. */
export const DEFAULT_JWKS_PATH = '/auth/v2/.well-known/jwks.json';

const KNOWN_NAMES: { readonly [Name in keyof TrustedIssuer]-?: (value: unknown) => boolean } = {
  issuer: (value) => typeof value === 'string',
  jwksUri: (value) => typeof value === 'string' && parseHttpUrl(value) !== undefined,
  audience: isOneOrMoreTexts,
  algorithms: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((name) => SIGNATURE_ALGORITHMS.includes(name)),
  roles: isTexts,
  kind: (value) => value === 'broker' || value === 'idp',
};

const EXPECTED: { readonly [Name in keyof TrustedIssuer]-?: string } = {
  issuer: 'must be the URL that is in "iss" of its tokens',
  jwksUri: 'must be an absolute https:// URL',
  audience: 'must be a string or an array of strings, at least one',
  algorithms: `must be an array of ${SIGNATURE_ALGORITHMS.join(', ')}, at least one`,
  roles: 'must be an array of strings; [] lets it claim no role',
  kind: 'must be "broker" or "idp"',
};

/** What is wrong with one entry of `trustedIssuers`, in words that follow its name. */
export function trustedIssuerProblem(entry: unknown): string | undefined {
  const trusted = typeof entry === 'string' ? { issuer: entry } : entry;
  if (typeof trusted !== 'object' || trusted === null || Array.isArray(trusted)) {
    return 'must be the issuer as a string, or { issuer, … }';
  }
  for (const [name, value] of Object.entries(trusted)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(KNOWN_NAMES, name)) return `has the unknown member ${name}`;
    const known = name as keyof TrustedIssuer;
    if (!KNOWN_NAMES[known](value)) return `${name} ${EXPECTED[known]}`;
  }
  const { issuer } = trusted as TrustedIssuer;
  const url = typeof issuer === 'string' ? parseHttpUrl(issuer) : undefined;
  if (url === undefined) return `issuer ${EXPECTED.issuer}`;
  return url.search === '' && url.hash === '' ? undefined : 'issuer must have no query and no fragment (RFC 8414 §2)';
}

/** What entries that are right by themselves contradict: each other, this application, or the rule of https. */
export function* trustedIssuersProblems(options: OidcAuthOptions, ownIssuer: string | undefined): Generator<string> {
  const entries = entriesOf(options);
  const seen = new Map<string, string>(ownIssuer === undefined ? [] : [[normalized(ownIssuer), ownIssuer]]);
  for (const { issuer, jwksUri } of entries) {
    const other = seen.get(normalized(issuer));
    if (other !== undefined) {
      yield other === ownIssuer
        ? `trustedIssuers names ${JSON.stringify(issuer)}, which is this application itself, or its identity provider: leave it out`
        : `trustedIssuers names ${JSON.stringify(other)} and ${JSON.stringify(issuer)}, which are one address: keep the one that is in "iss" of its tokens, letter for letter`;
    }
    seen.set(normalized(issuer), issuer);
    for (const address of [issuer, jwksUri]) {
      const url = address === undefined ? undefined : new URL(address);
      if (url === undefined || isConfidential(url) || options.allowInsecureRequests === true) continue;
      yield `trustedIssuers names ${JSON.stringify(address)}, which is plain http outside loopback: use https, or set allowInsecureRequests: true inside a trusted network`;
    }
  }
}

/**
 * The entries, of which nothing was found wrong.
 *
 * @param brokerAudience empty in pass-through mode
 */
export function trustedIssuersOf(
  options: OidcAuthOptions,
  brokerAudience: readonly string[],
): readonly ResolvedTrustedIssuer[] {
  const isBroker = options.brokerMode === true;
  const path = joinPaths(options.brokerJwksPath ?? DEFAULT_JWKS_PATH);
  return entriesOf(options).map((entry) => {
    const { issuer, roles, kind = isBroker ? 'broker' : 'idp' } = entry;
    const jwksUri = entry.jwksUri ?? (kind === 'broker' ? `${withoutTrailingSlash(issuer)}${path}` : undefined);
    const known = kind === 'broker' ? brokerAudience : textsOf(options.audience);
    const audience = entry.audience === undefined ? known : textsOf(entry.audience);
    return {
      issuer,
      kind,
      jwksUri,
      // Names of clients are one provider's own: "azp" and "client_id" of another one may say ours and mean a stranger.
      audience: audience.length > 0 ? audience : [options.clientId],
      algorithms: entry.algorithms ?? (jwksUri === undefined ? undefined : SIGNATURE_ALGORITHMS),
      roles,
    };
  });
}

function entriesOf({ trustedIssuers }: OidcAuthOptions): readonly TrustedIssuer[] {
  if (!Array.isArray(trustedIssuers) || trustedIssuers.some((entry) => trustedIssuerProblem(entry) !== undefined))
    return [];
  return trustedIssuers.map((entry: string | TrustedIssuer) => (typeof entry === 'string' ? { issuer: entry } : entry));
}

/** The same for all spellings that lead to one place. */
function normalized(issuer: string): string {
  return URL.canParse(issuer) ? withoutTrailingSlash(new URL(issuer).href) : issuer;
}

function textsOf(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : (value ?? []);
}
