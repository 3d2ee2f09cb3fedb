import { decodeJwt } from 'jose';
import type { ProviderTokens } from '../provider/provider-answers.js';

/** What the token endpoint and the callback answer: RFC 6749 §5.1 and what existing clients read beside it. */
export interface TokenResponse {
  /** In pass-through mode the provider's, in broker mode a JWT of this application (RFC 9068). */
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Expiry of the access token, seconds since the epoch; 180 s from now where nothing tells it. */
  readonly expires: number;
  /** Seconds from now. */
  readonly expires_in: number;
  /** Absent where the provider gave none. In broker mode each refresh brings another one. */
  readonly refresh_token?: string;
  /** Expiry of the refresh token, seconds since the epoch. */
  readonly refresh_expires?: number;
  /** Seconds from now. */
  readonly refresh_expires_in?: number;
  /** What was granted, separated by spaces; absent where nobody says. */
  readonly scope?: string;
  /** Pass-through mode only. */
  readonly id_token?: string;
  /** Token exchange only (RFC 8693 §2.2.1). */
  readonly issued_token_type?: string;
}

/** Seconds an access token is taken to live where nothing tells its expiry. */
const UNKNOWN_LIFETIME = 180;

/** The names under which providers tell how long a refresh token lives: Keycloak's, then Entra ID's and Google's. */
const REFRESH_LIFETIME_MEMBERS = ['refresh_expires_in', 'refresh_token_expires_in'];

/** What the provider's answer does not tell and the one who asked knows. */
export interface TokenResponseContext {
  /** A provider that names no scope granted what was asked (RFC 6749 §5.1). */
  readonly askedScope?: string | undefined;
  /** A provider that sends no new refresh token on a refresh keeps the old one valid (RFC 6749 §6). */
  readonly presentedRefreshToken?: string | undefined;
  /** Seconds a refresh token is taken to live where the provider does not say. */
  readonly refreshTokenTtl: number;
}

/** The provider's tokens as our token response. A member without a value is absent, never null. */
export function tokenResponseOf(tokens: ProviderTokens, context: TokenResponseContext): TokenResponse {
  const now = Math.floor(Date.now() / 1_000);
  const claims = claimsIn(tokens.access_token);
  const expiresIn = Math.max(
    0,
    Math.floor(tokens.expires_in ?? (claims.exp === undefined ? UNKNOWN_LIFETIME : claims.exp - now)),
  );
  const refreshToken = tokens.refresh_token ?? context.presentedRefreshToken;
  const scope = tokens.scope ?? context.askedScope ?? claims.scope;
  return {
    access_token: tokens.access_token,
    token_type: 'Bearer',
    expires: now + expiresIn,
    expires_in: expiresIn,
    ...(refreshToken === undefined
      ? {}
      : refreshMembers(refreshToken, refreshLifetimeOf(tokens) ?? context.refreshTokenTtl, now)),
    ...(scope === undefined ? {} : { scope }),
    ...(tokens.id_token === undefined ? {} : { id_token: tokens.id_token }),
  };
}

function refreshMembers(token: string, lifetime: number, now: number) {
  return { refresh_token: token, refresh_expires: now + lifetime, refresh_expires_in: lifetime };
}

/**
 * Seconds the provider's refresh token lives, if the provider says so. Keycloak answers 0 for offline tokens, which
 * existing clients would take for expired.
 */
export function refreshLifetimeOf(tokens: ProviderTokens): number | undefined {
  const told = REFRESH_LIFETIME_MEMBERS.map((member) => Number(tokens[member])).find((seconds) => seconds > 0);
  return told === undefined ? undefined : Math.floor(told);
}

/** An access token for somebody else may be opaque; nothing of it is trusted here, it is only described. */
function claimsIn(accessToken: string): { exp?: number; scope?: string } {
  try {
    const { exp, scope } = decodeJwt(accessToken);
    return {
      ...(typeof exp === 'number' ? { exp } : {}),
      ...(typeof scope === 'string' ? { scope } : {}),
    };
  } catch {
    return {};
  }
}
