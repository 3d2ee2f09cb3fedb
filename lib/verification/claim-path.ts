/** Stands for every member at its place in a path. */
const WILDCARD = '*';

/**
 * The values at a dotted path of a token, own members only.
 *
 * A key that itself contains dots wins over the split (`https://example.org/roles`, a client id in
 * `resource_access`): at each level the longest key that exists is followed first.
 */
export function valuesAt(source: unknown, path: string): readonly unknown[] {
  return follow(source, path.split('.'));
}

function follow(source: unknown, segments: readonly string[]): readonly unknown[] {
  if (segments.length === 0) return source === undefined ? [] : [source];
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return [];
  const members = source as Readonly<Record<string, unknown>>;
  for (let taken = segments.length; taken > 0; taken--) {
    const key = segments.slice(0, taken).join('.');
    if (!Object.hasOwn(members, key)) continue;
    const found = follow(members[key], segments.slice(taken));
    if (found.length > 0) return found;
  }
  if (segments[0] !== WILDCARD) return [];
  return Object.values(members).flatMap((member) => follow(member, segments.slice(1)));
}
