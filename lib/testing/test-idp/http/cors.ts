import type { IncomingHttpHeaders } from 'node:http';
import type { TestIdpEndpoint } from '../endpoints/endpoints.js';
import type { Answer } from './exchange.js';

/** What an application in a page asks by itself; everywhere else the browser goes as a whole. */
const FOR_PAGES: ReadonlySet<TestIdpEndpoint> = new Set(['discovery', 'jwks', 'token', 'userinfo', 'revocation']);

/** Any page may read the answer, as none is given on account of a cookie there (Fetch §3.3). */
export function corsHeaders(endpoint: TestIdpEndpoint, { origin }: IncomingHttpHeaders): Record<string, string> {
  if (origin === undefined || !FOR_PAGES.has(endpoint)) return {};
  return { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'www-authenticate' };
}

/** The question of a browser whether a page may ask, and no request to the endpoint yet. */
export function preflight(
  endpoint: TestIdpEndpoint,
  method: string,
  headers: IncomingHttpHeaders,
  allowed: readonly string[],
): Answer | undefined {
  const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  if (!isPreflight || !FOR_PAGES.has(endpoint)) return undefined;
  const asked = headers['access-control-request-headers'];
  return {
    status: 204,
    headers: {
      ...corsHeaders(endpoint, headers),
      'access-control-allow-methods': allowed.join(', '),
      ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
    },
    body: '',
  };
}
