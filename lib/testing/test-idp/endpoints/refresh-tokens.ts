import { randomUUID } from 'node:crypto';
import type { TestIdpClient } from '../clients.js';
import { OAuthError } from '../errors.js';
import { only, required, words } from '../http/parameters.js';
import type { TestIdpRefreshTokenRotation } from '../options/options.js';
import type { Provider } from '../provider.js';
import type { Grant } from '../records.js';
import type { TokenGrant } from '../tokens.js';

/** What each kind of rotation means. */
const ROTATIONS: Readonly<
  Record<TestIdpRefreshTokenRotation, { readonly renews: boolean; readonly again: 'good' | 'refused' | 'punished' }>
> = {
  none: { renews: false, again: 'good' },
  keepOld: { renews: true, again: 'good' },
  singleUse: { renews: true, again: 'refused' },
  punishReuse: { renews: true, again: 'punished' },
};

/** For a login that has just been finished. */
export function firstRefreshToken(grant: Grant, provider: Provider): string | undefined {
  const { refreshTokens } = provider.settings;
  const isWanted =
    refreshTokens === 'always' || (refreshTokens === 'offline_access' && grant.scope.includes('offline_access'));
  return isWanted ? newRefreshToken(grant, provider) : undefined;
}

function newRefreshToken(grant: Grant, { records, settings }: Provider): string {
  const token = randomUUID();
  records.refreshTokens.set(token, {
    grant,
    expiresAt: settings.now() + settings.refreshTokenTtl * 1_000,
    used: false,
  });
  return token;
}

/** RFC 6749 §6. */
export function refresh(form: URLSearchParams, client: TestIdpClient, provider: Provider): TokenGrant {
  const { records, settings } = provider;
  const token = records.refreshTokens.get(required(form, 'refresh_token'));
  if (token === undefined) throw new OAuthError('invalid_grant', 'the refresh token is unknown');
  const { grant } = token;
  if (grant.clientId !== client.clientId) {
    throw new OAuthError('invalid_grant', 'the refresh token is of another client');
  }
  const { renews, again } = ROTATIONS[settings.refreshTokenRotation];
  if (token.used && again !== 'good') {
    if (again === 'punished') grant.ended = true;
    throw new OAuthError('invalid_grant', 'the refresh token has been used before');
  }
  if (grant.ended) throw new OAuthError('invalid_grant', 'the login of the refresh token has ended');
  if (settings.now() >= token.expiresAt) throw new OAuthError('invalid_grant', 'the refresh token has expired');
  const asked = words(only(form, 'scope'));
  if (asked.some((word) => !grant.scope.includes(word))) {
    throw new OAuthError('invalid_scope', 'a refresh asks for more than was granted');
  }
  token.used = true;
  return {
    grant,
    scope: asked.length === 0 ? undefined : asked,
    refreshToken: renews ? newRefreshToken(grant, provider) : undefined,
  };
}
