const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** An address of this machine itself (RFC 8252 §7.3 and §8.3). */
export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOSTS.has(url.hostname);
}

/** Parses an absolute http or https URL that has no user information; anything else is `undefined`. */
export function parseHttpUrl(value: string): URL | undefined {
  const url = parse(value);
  return url !== undefined && isHttp(url) ? url : undefined;
}

/**
 * Parses a URI browsers may be sent to: http(s), or a private-use scheme with a dot (RFC 8252 §7.1); without a fragment
 * (RFC 6749 §3.1.2). The host must be written as it is understood, so that no other parser understands another one.
 */
export function parseRedirectTarget(value: string): URL | undefined {
  const url = value.includes('#') ? undefined : parse(value);
  if (url === undefined) return undefined;
  if (!isHttp(url)) return url.protocol.includes('.') ? url : undefined;
  const written = /^https?:\/\/([^/?]+)/i.exec(value)?.[1]?.toLowerCase();
  const withDefaultPort = `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}`;
  return written === url.host || written === withDefaultPort ? url : undefined;
}

/** https, or http where nothing leaves this machine. */
export function isConfidential(url: URL): boolean {
  return url.protocol !== 'http:' || isLoopback(url);
}

function parse(value: string): URL | undefined {
  if (hasUnsafeCharacters(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  const authority = value.replace(/^[^:]*:(\/\/)?/, '').split(/[/?#]/, 1)[0]!;
  return url.username === '' && url.password === '' && !authority.includes('@') ? url : undefined;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}

/**
 * Characters that parsers of URLs disagree about: controls, spaces and backslashes. What holds one is refused rather
 * than understood.
 */
function hasUnsafeCharacters(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  return /[\u0000-\u0020\u007f-\uffff\\]/.test(value);
}

/** An address that paths can be appended to. */
export function withoutTrailingSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

/** Joins path parts with single slashes: `''` or a path with a leading and without a trailing slash. */
export function joinPaths(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return segments.length === 0 ? '' : `/${segments.join('/')}`;
}
