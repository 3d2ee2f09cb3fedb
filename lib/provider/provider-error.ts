import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { plainCause } from '../errors/plain-cause.js';
import { invalidResponse, unreachable } from './outgoing-fetch.js';

/** Errors with which a provider refuses our own client authentication (RFC 6749 §5.2). */
const CLIENT_REFUSED = 'invalid_client';

/** Of all answers only that of userinfo is compared: its `sub` with that of the ID token (Core §5.3.2). */
const COMPARISON_FAILED = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';

/** A claim of the ID token is not what it has to be, or it has expired: what openid-client looks at by itself. */
const ID_TOKEN_REFUSED = ['OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'];

/** Errors with which a provider refuses a user's token (RFC 6750 §3.1). */
const TOKEN_REFUSED = 'invalid_token';

/** The error codes of RFC 6749 §5.2 and its extensions are made of these characters; anything else is not passed on. */
const ERROR_CODE = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * The one place that knows the errors of openid-client.
 *
 * @param url what was asked, for the operator
 */
export function fromProviderError(error: unknown, url: string): OidcAuthError {
  const ours = ownErrorIn(error);
  if (ours !== undefined) return ours;
  if (error instanceof ResponseBodyError) {
    return refused(error.error, error.error_description, error.status, url);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    const [challenge] = error.cause;
    const { error: code, error_description: description } = challenge?.parameters ?? {};
    const isAboutToken = challenge?.scheme === 'bearer';
    return refused(code ?? (isAboutToken ? TOKEN_REFUSED : CLIENT_REFUSED), description, error.status, url);
  }
  if (error instanceof ClientError) {
    if (error.code === COMPARISON_FAILED) return anotherSubject();
    if (ID_TOKEN_REFUSED.includes(error.code ?? '')) return idTokenInvalid(error.cause);
    const status = statusIn(error);
    if (status !== undefined && (status >= 500 || status === 429)) return unreachable(url, new Error(`HTTP ${status}`));
    return invalidResponse(`${error.message}${status === undefined ? '' : ` (HTTP ${status})`} at ${url}`, error);
  }
  return error instanceof TypeError ? unreachable(url, error) : invalidResponse(`unknown error at ${url}`, error);
}

/** @param cause names the claim */
export function idTokenInvalid(cause: unknown): OidcAuthError {
  const plain = plainCause(cause);
  return new OidcAuthError('id_token_invalid', 'The identity provider issued an ID token that is not valid.', {
    cause: plain,
    operatorHint: `The ID token from the identity provider was refused: ${plain.message}`,
  });
}

function anotherSubject(): OidcAuthError {
  return new OidcAuthError(
    'subject_changed',
    'The identity provider answered for another user than the one asked for.',
    {
      operatorHint: 'The userinfo endpoint of the identity provider answered with another "sub" than the ID token has.',
    },
  );
}

function refused(code: string, description: string | undefined, status: number, url: string): OidcAuthError {
  const said = sanitizeDescription(description);
  // 401 is for client authentication alone at a token endpoint; Keycloak names it unauthorized_client there.
  if (code === CLIENT_REFUSED || (status === 401 && code !== TOKEN_REFUSED)) {
    return new OidcAuthError(
      'provider_rejected_client',
      'The identity provider did not accept this application as its client.',
      {
        operatorHint:
          `The identity provider refused the client at ${url} (${sanitizeDescription(code)}): check clientId, clientSecret and ` +
          `tokenEndpointAuthMethod.${said === undefined ? '' : ` It said: ${said}`}`,
      },
    );
  }
  if (status >= 500 || status === 429) return unreachable(url, new Error(`HTTP ${status}`));
  return new OidcAuthError('provider_error', said ?? 'The identity provider refused the request.', {
    oauthError: errorCode(code),
  });
}

/** Whether the provider understood, and said no. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof OidcAuthError && (error.code === 'provider_error' || error.code === 'provider_rejected_client')
  );
}

/** The error code of a provider, if it is one. */
export function errorCode(code: string): string {
  return ERROR_CODE.test(code) ? code : 'invalid_request';
}

/** Reduces a text to the characters of RFC 6749 §4.1.2.1, 200 at most. */
export function sanitizeDescription(text: string | undefined): string | undefined {
  const clean = text?.replaceAll(/[^\u0020\u0021\u0023-\u005b\u005d-\u007e]/g, '').slice(0, 200);
  return clean === '' ? undefined : clean;
}

/** Errors of the outgoing fetch arrive wrapped. */
function ownErrorIn(error: unknown): OidcAuthError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof OidcAuthError) return current;
  }
  return undefined;
}

function statusIn(error: ClientError): number | undefined {
  return error.cause instanceof Response ? error.cause.status : undefined;
}
