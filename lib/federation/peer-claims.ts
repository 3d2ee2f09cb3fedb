import type { JWTPayload } from 'jose';
import { mapAt } from '../verification/claim-path.js';

/** What roles are called, whoever looks for them, at whatever depth; before it may stand what others wrote into one name. */
const ROLE_NAME = /(^|[^a-z0-9])(roles?|groups?)$/i;

/**
 * The claims of an issuer that may claim certain roles only: all others are taken out, wherever roles could be found.
 *
 * @param sources the application's own claim paths of roles
 */
export function withRolesOf(claims: JWTPayload, allowed: readonly string[], sources: readonly string[]): JWTPayload {
  const kept = new Set(allowed);
  const named = keepNamed(claims, kept);
  const bounded = sources.reduce((token, path) => mapAt(token, path, (value) => keepAllowed(value, kept)), named);
  return bounded as JWTPayload;
}

function keepNamed(value: unknown, allowed: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => keepNamed(item, allowed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      ROLE_NAME.test(name) ? keepAllowed(member, allowed) : keepNamed(member, allowed),
    ]),
  );
}

function keepAllowed(value: unknown, allowed: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.filter((role) => allowed.has(role as string));
  return allowed.has(value as string) ? value : [];
}
