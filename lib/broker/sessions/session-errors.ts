import { OidcAuthError } from '../../errors/oidc-auth-error.js';

/** Seconds after which a refresh that had to be given up may be tried again. */
const RETRY_AFTER = 2;

/** RFC 6749 §5.2: what was presented is no refresh token of ours, or not any more. */
export function refreshTokenInvalid(): OidcAuthError {
  return new OidcAuthError('refresh_token_invalid', 'The refresh token is not valid (any more): sign in again.');
}

export function sessionEnded(): OidcAuthError {
  return new OidcAuthError('session_ended', 'The session has ended: sign in again.');
}

export function refreshBusy(): OidcAuthError {
  return new OidcAuthError('refresh_busy', 'The session is being refreshed: try again in a moment.', {
    retryAfter: RETRY_AFTER,
  });
}

export function shuttingDown(): OidcAuthError {
  return new OidcAuthError('shutting_down', 'The application is closing: try again in a moment.', {
    retryAfter: RETRY_AFTER,
  });
}
