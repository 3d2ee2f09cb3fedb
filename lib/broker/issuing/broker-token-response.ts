import type { TokenResponse } from '../../login/token-response.js';
import type { MintedToken } from './access-tokens.js';
import { refreshTokenOf } from '../sessions/refresh-token.js';
import type { StoredSession } from '../sessions/session.js';

/** A minted access token as a token response (RFC 6749 §5.1). */
export function accessTokenResponse(
  { token, expires, expiresIn }: MintedToken,
  scope: string | undefined,
): TokenResponse {
  return {
    access_token: token,
    token_type: 'Bearer',
    expires,
    expires_in: expiresIn,
    ...(scope === undefined ? {} : { scope }),
  };
}

/** The same with the current refresh token of a session that has one. @param now ms of the store's clock */
export function sessionResponse(
  minted: MintedToken,
  { id, value }: Pick<StoredSession, 'id' | 'value'>,
  now: number,
): TokenResponse {
  const response = accessTokenResponse(minted, value.scope);
  if (value.up === null) return response;
  const refreshExpires = Math.floor(value.refreshExpiry / 1_000);
  return {
    ...response,
    refresh_token: refreshTokenOf(value.seed, id, value.n),
    refresh_expires: refreshExpires,
    refresh_expires_in: Math.max(1, refreshExpires - Math.floor(now / 1_000)),
  };
}
