import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { joinPaths } from '../options/addresses.js';
import type { EndpointPaths } from './endpoints.js';
import { requestUrl, type HttpRequest } from '../http/http-request.js';

/**
 * Whether a redirect URI is our own callback: as `publicUrl` says, or, without it, on the host this request was sent
 * to, beside the login endpoint it was sent to. Whether it is allowed is another question.
 *
 * @throws {@link OidcAuthError} `redirect_uri_not_allowed` for another spelling of our callback, which routers may take
 *   for it: the login would end there without being bound to the browser
 */
export function isOwnCallback(
  redirectUri: string,
  request: HttpRequest,
  { prefix, paths }: EndpointPaths,
  publicUrl: string | undefined,
): boolean {
  if (paths.callback === undefined || !URL.canParse(redirectUri)) return false;
  const target = new URL(redirectUri);
  const base = publicUrl === undefined ? baseOf(request, paths.login) : `${publicUrl}${joinPaths(prefix)}`;
  const own =
    publicUrl === undefined
      ? `${target.protocol}//${request.headers.host}${base}${paths.callback}`
      : `${base}${paths.callback}`;
  if (!URL.canParse(own)) return false;
  const callback = new URL(own);
  if (target.href === callback.href) return true;
  if (spelling(target) === spelling(callback)) {
    throw new OidcAuthError('redirect_uri_not_allowed', 'redirect_uri must be spelled exactly as the callback is.');
  }
  return false;
}

/** What stands before the login endpoint in the address of this request. */
function baseOf(request: HttpRequest, loginPath: string | undefined): string {
  const [path] = requestUrl(request).split('?', 1) as [string];
  return joinPaths(path.slice(0, path.length - (loginPath?.length ?? 0)));
}

/** Where routers may see the same address: case, encoding, repeated or trailing slashes and the query do not count. */
function spelling(url: URL): string {
  return `${url.host}${joinPaths(decoded(url.pathname))}`.toLowerCase();
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
