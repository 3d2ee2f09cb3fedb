import { joinPaths } from '../options/addresses.js';
import type { EndpointPaths } from './endpoints.js';
import { requestUrl, type HttpRequest } from './http-request.js';

/**
 * Whether a redirect URI is our own callback: as `publicUrl` says, or, without it, on the host this request was sent
 * to, beside the login endpoint it was sent to. Whether it is allowed is another question.
 */
export function isOwnCallback(
  redirectUri: string,
  request: HttpRequest,
  { prefix, paths }: EndpointPaths,
  publicUrl: string | undefined,
): boolean {
  if (paths.callback === undefined || !URL.canParse(redirectUri)) return false;
  const target = new URL(redirectUri);
  if (publicUrl !== undefined) return target.href === new URL(`${publicUrl}${joinPaths(prefix, paths.callback)}`).href;
  const [path] = requestUrl(request).split('?', 1) as [string];
  const before = path.slice(0, path.length - (paths.login?.length ?? 0));
  return (
    target.host === request.headers.host &&
    target.pathname === joinPaths(before, paths.callback) &&
    target.search === ''
  );
}
