/** A string that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** An array of such strings, perhaps an empty one. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

/** One such string, or an array of at least one. */
export function isOneOrMoreTexts(value: unknown): value is string | readonly string[] {
  return isText(value) || (isTexts(value) && value.length > 0);
}
