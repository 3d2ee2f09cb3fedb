const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** An address of this machine itself (RFC 8252 §7.3 and §8.3). */
export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOSTS.has(url.hostname) || url.hostname.endsWith('.localhost');
}

/** Parses an absolute http or https URL that has no user information; anything else is `undefined`. */
export function parseHttpUrl(value: string): URL | undefined {
  if (hasUnsafeCharacters(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}

/**
 * Characters that parsers of URLs disagree about: controls, spaces and backslashes. What holds one is refused rather
 * than understood.
 */
export function hasUnsafeCharacters(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  return /[\u0000-\u0020\u007f-\uffff\\]/.test(value);
}

/** Joins path parts with single slashes: `''` or a path with a leading and without a trailing slash. */
export function joinPaths(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return segments.length === 0 ? '' : `/${segments.join('/')}`;
}
