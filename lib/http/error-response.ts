import { OidcAuthError, type OidcAuthErrorCode } from '../errors/oidc-auth-error.js';

/** What a code of ours is in HTTP: the status, and the code of an OAuth specification (`undefined`: the error says it). */
interface HttpMeaning {
  readonly status: number;
  readonly error: string;
}

const badRequest = { status: 400, error: 'invalid_request' } as const;
const invalidToken = { status: 401, error: 'invalid_token' } as const;
const insufficientScope = { status: 403, error: 'insufficient_scope' } as const;
const serverError = { status: 500, error: 'server_error' } as const;
const invalidGrant = { status: 400, error: 'invalid_grant' } as const;
const unavailable = { status: 503, error: 'temporarily_unavailable' } as const;
const badGateway = { status: 502, error: 'server_error' } as const;

const MEANINGS: Readonly<Record<OidcAuthErrorCode, HttpMeaning>> = {
  options_invalid: serverError,
  module_missing: serverError,
  module_duplicate: serverError,
  broker_mode_off: { status: 404, error: 'invalid_request' },
  store_misconfigured: serverError,
  guard_missing: serverError,

  invalid_request: badRequest,
  invalid_scope: { status: 400, error: 'invalid_scope' },
  unsupported_grant_type: { status: 400, error: 'unsupported_grant_type' },
  method_not_allowed: { status: 405, error: 'invalid_request' },
  redirect_uri_not_allowed: badRequest,
  state_invalid: badRequest,
  state_expired: badRequest,
  state_replayed: badRequest,
  state_misplaced: badRequest,
  state_foreign_browser: badRequest,

  authorization_failed: badRequest,
  authorization_issuer_mismatch: badRequest,
  id_token_invalid: badGateway,
  id_token_mismatch: invalidGrant,
  // Existing clients fall back to the code flow on 503 only.
  device_flow_unsupported: { status: 503, error: 'unsupported_grant_type' },
  provider_unreachable: unavailable,
  provider_invalid_response: badGateway,
  provider_rejected_client: badGateway,
  provider_error: badRequest,

  store_unavailable: unavailable,
  signing_key_unavailable: unavailable,
  refresh_token_invalid: invalidGrant,
  refresh_busy: unavailable,
  session_ended: invalidGrant,
  subject_changed: badGateway,
  shutting_down: unavailable,
  map_claims_failed: serverError,
  invalid_target: { status: 400, error: 'invalid_target' },
  subject_token_invalid: badRequest,

  token_missing: invalidToken,
  authorization_header_repeated: badRequest,
  token_malformed: invalidToken,
  token_too_large: invalidToken,
  token_opaque: invalidToken,
  token_encrypted: invalidToken,
  token_type_not_allowed: invalidToken,
  token_critical_header: invalidToken,
  token_algorithm_not_allowed: invalidToken,
  token_issuer_unknown: invalidToken,
  token_key_unknown: invalidToken,
  token_signature_invalid: invalidToken,
  token_expired: invalidToken,
  token_not_yet_valid: invalidToken,
  token_audience_mismatch: invalidToken,
  token_claims_invalid: invalidToken,

  scopes_missing: insufficientScope,
  claim_not_met: insufficientScope,
  roles_missing: insufficientScope,
  token_not_accepted: insufficientScope,
};

/** Statuses of what a provider answers to a login instead of a code (RFC 6749 §4.1.2.1, Core §3.1.2.6). */
const AUTHORIZATION_ERROR_STATUS: ReadonlyMap<string | undefined, number> = new Map([
  ['access_denied', 403],
  ['login_required', 401],
  ['consent_required', 401],
  ['interaction_required', 401],
  ['account_selection_required', 401],
  ['server_error', 502],
  ['temporarily_unavailable', 503],
]);

/** The body of every error: RFC 6749 §5.2, and beside it what clients of other Nest applications read. */
export interface ErrorBody {
  readonly error: string;
  readonly error_description: string;
  /** The same as `error_description`. */
  readonly detail: string;
  readonly statusCode: number;
}

export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
}

export function errorResponse(error: OidcAuthError): ErrorResponse {
  const meaning = MEANINGS[error.code];
  const status =
    error.code === 'authorization_failed' ? (AUTHORIZATION_ERROR_STATUS.get(error.oauthError) ?? 400) : meaning.status;
  return {
    status,
    headers: {
      ...(error.retryAfter === undefined ? {} : { 'Retry-After': String(error.retryAfter) }),
      ...challenge(error, status, meaning.error),
    },
    body: errorBody(status, error.oauthError ?? meaning.error, error.message),
  };
}

export function errorBody(statusCode: number, error: string, description: string): ErrorBody {
  return { error, error_description: description, detail: description, statusCode };
}

/** RFC 6750 §3: bare where no token was sent, so that nothing is told to who did not try. */
function challenge(error: OidcAuthError, status: number, code: string): Record<string, string> {
  if (error.code === 'token_missing') return { 'WWW-Authenticate': 'Bearer' };
  if (code !== 'invalid_token' && code !== 'insufficient_scope') return {};
  if (status !== 401 && status !== 403) return {};
  const attributes = [`error="${code}"`, `error_description="${quotable(error.message)}"`];
  if (error.missingScopes !== undefined) attributes.push(`scope="${quotable(error.missingScopes.join(' '))}"`);
  return { 'WWW-Authenticate': `Bearer ${attributes.join(', ')}` };
}

/** The characters RFC 6750 §3 allows in `error_description` and `scope`; a header must not hold others. */
function quotable(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^\u0020\u0021\u0023-\u005b\u005d-\u007e]/g, '');
}
