import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { rawRequest, type HttpRequest } from '../http/http-request.js';

const SCHEME = 'bearer ';
const HEADER = 'authorization';

/**
 * The token of the `Authorization` header (RFC 6750 §2.1), or `undefined` where none of this scheme was sent.
 *
 * @throws {@link OidcAuthError} `authorization_header_repeated`: Node keeps the first of two and drops the other, so
 *   two parts of a system could act on different ones
 */
export function readBearerToken(request: HttpRequest): string | undefined {
  const value = request.headers.authorization;
  if (value === undefined) return undefined;
  if (isRepeated(rawRequest(request).rawHeaders)) {
    throw new OidcAuthError('authorization_header_repeated', 'The Authorization header is given more than once.');
  }
  if (value.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  const token = value.slice(SCHEME.length).trim();
  return token === '' ? undefined : token;
}

/** `rawHeaders` holds names at even places; lengths are compared first, as this runs at each request. */
function isRepeated(rawHeaders: readonly string[]): boolean {
  let found = 0;
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place]!;
    if (name.length === HEADER.length && name.toLowerCase() === HEADER) found++;
  }
  return found > 1;
}
