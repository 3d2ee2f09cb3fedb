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

/**
 * Whether a path leads into a claim of a token: by its name, which may hold dots itself, whatever the claim is; by a
 * wildcard only where it finds something in there, as it would lead into every claim otherwise.
 */
export function leadsThrough(path: string, name: string, value: unknown): boolean {
  return path === name || path.startsWith(`${name}.`) || valuesAt({ [name]: value }, path).length > 0;
}

/** The same with everything changed that is at the path, whichever way it is read: none of them wins here. */
export function mapAt(source: unknown, path: string, change: (value: unknown) => unknown): unknown {
  return changed(source, path.split('.'), change);
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

function changed(source: unknown, segments: readonly string[], change: (value: unknown) => unknown): unknown {
  if (segments.length === 0) return change(source);
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return source;
  return Object.fromEntries(
    Object.entries(source).map(([name, member]) => {
      let value: unknown = member;
      for (let taken = segments.length; taken > 0; taken--) {
        const isOnPath = segments.slice(0, taken).join('.') === name || (taken === 1 && segments[0] === WILDCARD);
        if (isOnPath) value = changed(value, segments.slice(taken), change);
      }
      return [name, value];
    }),
  );
}
