/**
 * A copy of plain data, made of this realm's own lists and objects. `structuredClone` is a function of Node: where a test
 * runner has given the tests a realm of their own, as Jest does, its lists are no `Array` to them.
 */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return Array.from(value, copyOf) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)])) as T;
}

/** In whatever realm: what inherits from nothing, or from what does. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
