import type { JWTPayload } from 'jose';

/** Where tokens of one kind of issuer or another have roles, whatever this application looks at. */
const USUAL_PLACES = ['roles', 'groups', 'realm_access.roles', 'resource_access.*.roles'];

const WILDCARD = '*';

/**
 * The claims of an issuer that may claim certain roles only: all others are taken out, wherever roles could be found.
 *
 * @param sources the application's own claim paths of roles
 */
export function withRolesOf(claims: JWTPayload, allowed: readonly string[], sources: readonly string[]): JWTPayload {
  const kept = new Set(allowed);
  let bounded: unknown = claims;
  for (const path of new Set([...USUAL_PLACES, ...sources])) bounded = keep(bounded, path.split('.'), kept);
  return bounded as JWTPayload;
}

/** A key may contain dots itself, so each way to read the path is followed. */
function keep(value: unknown, segments: readonly string[], allowed: ReadonlySet<string>): unknown {
  if (segments.length === 0) return keepAllowed(value, allowed);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      let bounded: unknown = member;
      for (let taken = segments.length; taken > 0; taken--) {
        const isOnPath = segments.slice(0, taken).join('.') === name || (taken === 1 && segments[0] === WILDCARD);
        if (isOnPath) bounded = keep(bounded, segments.slice(taken), allowed);
      }
      return [name, bounded];
    }),
  );
}

function keepAllowed(value: unknown, allowed: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.filter((role) => allowed.has(role as string));
  return allowed.has(value as string) ? value : [];
}
