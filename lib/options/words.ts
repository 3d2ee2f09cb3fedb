/** The distinct members of a space-separated string (RFC 6749 §3.3), or of an array of such strings. */
export function words(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  const parts = (typeof value === 'string' ? [value] : value).flatMap((part) => part.split(/\s+/));
  return [...new Set(parts.filter((part) => part !== ''))];
}
