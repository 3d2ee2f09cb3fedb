import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { words } from '../options/words.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

const OFFLINE_ACCESS = 'offline_access';

/**
 * The scopes to ask the provider for.
 *
 * @param asked what the caller asked for, separated by spaces; `undefined` for the configured scopes
 * @param offline whether a refresh token that outlives the provider's session is wanted (Core §11)
 * @throws {@link OidcAuthError} `invalid_scope`, naming what is not allowed
 */
export function requestedScopes(
  options: Pick<ResolvedOptions, 'scopes' | 'allowedScopes' | 'offlineAccess'>,
  asked: string | undefined,
  offline: boolean,
): string {
  const scopes = new Set(['openid', ...(asked === undefined ? options.scopes : words(asked))]);
  if (offline) scopes.add(OFFLINE_ACCESS);

  const allowed = new Set([...options.scopes, ...options.allowedScopes, 'openid']);
  if (options.offlineAccess === false) allowed.delete(OFFLINE_ACCESS);
  else allowed.add(OFFLINE_ACCESS);

  const refused = [...scopes].filter((scope) => !allowed.has(scope));
  if (refused.length > 0) {
    throw new OidcAuthError('invalid_scope', `These scopes may not be asked for here: ${printable(refused)}.`);
  }
  return [...scopes].join(' ');
}

function printable(scopes: readonly string[]): string {
  return scopes
    .join(', ')
    .replaceAll(/[^\u0021-\u007e ]/g, '?')
    .slice(0, 200);
}
