import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { valuesAt } from './claim-path.js';
import type { IdTokenClaims } from './claims.js';

/** A claim value that can be demanded. */
export type ClaimScalar = string | number | boolean;

/**
 * What a claim must be.
 *
 * - a value: an array claim contains it, a scalar claim equals it
 * - a list: all listed values must be present
 * - `{ anyOf }`: at least one of them
 * - a function: whatever it says of the claim's value (`undefined` where the token has none) and the token
 */
export type ClaimConstraint =
  | ClaimScalar
  | readonly ClaimScalar[]
  | { readonly anyOf: readonly ClaimScalar[] }
  | ((value: unknown, token: IdTokenClaims) => boolean);

/** Claim constraints by dotted path, e.g. `{ 'realm_access.roles': ['admin'] }`. */
export type ClaimConstraints = Readonly<Record<string, ClaimConstraint>>;

/** What a route demands of a valid token. Each part left out is taken from the next outer level. */
export interface AuthorizationConstraints {
  /** All of these must be granted: a space-separated string or an array. */
  readonly scopes?: string | readonly string[] | undefined;
  readonly claims?: ClaimConstraints | undefined;
  /** All of these must be among the roles that `roleSources` finds: one role, or an array. */
  readonly roles?: string | readonly string[] | undefined;
}

/** Constraints with every part settled, ready to be evaluated at each request. */
export interface EffectiveConstraints {
  readonly scopes: readonly string[];
  readonly claims: readonly (readonly [path: string, constraint: ClaimConstraint])[];
  readonly roles: readonly string[];
}

/** Where a kind of token has its roles. */
export interface RolePlaces {
  /** Claim paths. */
  readonly sources: readonly string[];
  /** Tokens of broker mode: whatever path roles had at the provider, they are in `roles` now. */
  readonly areFlattened: boolean;
}

/** The paths under which providers keep roles, and constraints look for them. */
const ROLE_PATH = /^(realm_access\.roles|resource_access\..+\.roles|groups)$/;
const FLATTENED = 'roles';

/**
 * Evaluates scopes, then claims, then roles.
 *
 * @throws {@link OidcAuthError} `scopes_missing`, `claim_not_met` or `roles_missing`, for the first that is not met
 */
export function assertConstraints(token: IdTokenClaims, constraints: EffectiveConstraints, places: RolePlaces): void {
  assertScopes(token, constraints.scopes);
  for (const [path, constraint] of constraints.claims) {
    if (!isMet(token, path, constraint, places)) {
      throw new OidcAuthError('claim_not_met', `Token claim does not meet the constraint on: ${path}`);
    }
  }
  assertRoles(token, constraints.roles, places);
}

function assertScopes(token: IdTokenClaims, demanded: readonly string[]): void {
  if (demanded.length === 0) return;
  const granted = grantedScopes(token);
  const missing = demanded.filter((scope) => !granted.has(scope));
  if (missing.length > 0) {
    throw new OidcAuthError('scopes_missing', `Token missing required scopes: ${missing.join(', ')}`, {
      missingScopes: missing,
    });
  }
}

function assertRoles(token: IdTokenClaims, demanded: readonly string[], places: RolePlaces): void {
  if (demanded.length === 0) return;
  const held = rolesOf(token, places.areFlattened ? [...places.sources, FLATTENED] : places.sources);
  const missing = demanded.filter((role) => !held.has(role));
  if (missing.length > 0) {
    throw new OidcAuthError('roles_missing', `Token missing required roles: ${missing.join(', ')}`);
  }
}

/** `scope` (RFC 8693 §4.2), or `scp` as Entra ID (a string) and Okta (an array) name it. */
export function grantedScopes(token: IdTokenClaims): ReadonlySet<string> {
  const { scope, scp } = token;
  const granted = new Set([scope, scp].flatMap((value) => strings(value)).flatMap((value) => value.split(' ')));
  // Between two spaces, or of an empty text.
  granted.delete('');
  return granted;
}

/** The union of the roles at all `sources`. */
export function rolesOf(token: IdTokenClaims, sources: readonly string[]): ReadonlySet<string> {
  return new Set(sources.flatMap((source) => valuesAt(token, source)).flatMap(strings));
}

function strings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
}

function isMet(token: IdTokenClaims, path: string, constraint: ClaimConstraint, places: RolePlaces): boolean {
  const found = valuesAt(token, path);
  const mayBeFlattened = found.length === 0 && places.areFlattened && ROLE_PATH.test(path);
  const values = mayBeFlattened ? valuesAt(token, FLATTENED) : found;
  const value = values.length > 1 ? values.flat() : values[0];
  if (typeof constraint === 'function') return constraint(value, token) === true;
  // An absent claim meets nothing, not even a value that a program failed to set.
  const held: readonly unknown[] = values.flat();
  if (isList(constraint)) return constraint.every((item) => held.includes(item));
  if (typeof constraint === 'object') return constraint.anyOf.some((item) => held.includes(item));
  return held.includes(constraint);
}

function isList(constraint: Exclude<ClaimConstraint, () => boolean>): constraint is readonly ClaimScalar[] {
  return Array.isArray(constraint);
}
