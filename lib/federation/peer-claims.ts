import type { JWTPayload } from 'jose';

/** What roles are called, whoever looks for them, at whatever depth; before it may stand what others wrote into one name. */
const ROLE_NAME = /(^|\.)(roles|groups)$/;

const WILDCARD = '*';

/**
 * The claims of an issuer that may claim certain roles only: all others are taken out, wherever roles could be found.
 *
 * @param sources the application's own claim paths of roles
 */
export function withRolesOf(claims: JWTPayload, allowed: readonly string[], sources: readonly string[]): JWTPayload {
  const kept = new Set(allowed);
  let bounded: unknown = keepNamed(claims, kept);
  for (const path of sources) bounded = keepAt(bounded, path.split('.'), kept);
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

/** A key may contain dots itself, so each way to read the path is followed. */
function keepAt(value: unknown, segments: readonly string[], allowed: ReadonlySet<string>): unknown {
  if (segments.length === 0) return keepAllowed(value, allowed);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      let bounded: unknown = member;
      for (let taken = segments.length; taken > 0; taken--) {
        const isOnPath = segments.slice(0, taken).join('.') === name || (taken === 1 && segments[0] === WILDCARD);
        if (isOnPath) bounded = keepAt(bounded, segments.slice(taken), allowed);
      }
      return [name, bounded];
    }),
  );
}

function keepAllowed(value: unknown, allowed: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.filter((role) => allowed.has(role as string));
  return allowed.has(value as string) ? value : [];
}
