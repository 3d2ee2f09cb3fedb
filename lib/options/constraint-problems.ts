const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isScalar);

/**
 * What is wrong with claim constraints, in words that follow their name; `undefined` where nothing is. Wrong ones would be
 * met by every token, or by none.
 */
export function claimConstraintsProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'must be an object of claim paths, e.g. { "realm_access.roles": ["admin"] }';
  }
  const wrong = Object.entries(value).find(([path, constraint]) => path === '' || !isConstraint(constraint));
  if (wrong === undefined) return undefined;
  return `demands of "${wrong[0]}" what is no value, list of values (at least one), { anyOf: [values] } or function`;
}

/** What is wrong with demanded scopes or roles. */
export function namesProblem(names: readonly unknown[]): string | undefined {
  const isName = (name: unknown): boolean => typeof name === 'string' && name.trim() !== '';
  return names.every(isName) ? undefined : 'must be strings that are not empty';
}

function isConstraint(constraint: unknown): boolean {
  if (isScalar(constraint) || isList(constraint) || typeof constraint === 'function') return true;
  if (typeof constraint !== 'object' || constraint === null) return false;
  return Object.keys(constraint).join() === 'anyOf' && isList((constraint as { anyOf?: unknown }).anyOf);
}
