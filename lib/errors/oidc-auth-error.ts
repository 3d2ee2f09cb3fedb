/**
 * Every reason for which this library refuses something, as a stable code. Programs may branch on it; texts may change.
 * Which HTTP status a code becomes is decided in `http/error-response.ts`.
 */
export type OidcAuthErrorCode =
  // wrong use of the library, found at boot or at the first call
  | 'options_invalid'
  | 'module_missing'
  | 'module_duplicate'
  | 'broker_mode_off'
  | 'store_misconfigured'
  | 'guard_missing'
  // a request to one of the endpoints that is not acceptable
  | 'invalid_request'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'method_not_allowed'
  | 'redirect_uri_not_allowed'
  | 'state_invalid'
  | 'state_expired'
  | 'state_replayed'
  | 'state_misplaced'
  | 'state_foreign_browser'
  // what the identity provider said, or did not say
  | 'authorization_failed'
  | 'authorization_issuer_mismatch'
  | 'id_token_invalid'
  | 'id_token_mismatch'
  | 'device_flow_unsupported'
  | 'provider_unreachable'
  | 'provider_invalid_response'
  | 'provider_rejected_client'
  | 'provider_error'
  // broker mode: the store, and the session behind a refresh token
  | 'store_unavailable'
  | 'signing_key_unavailable'
  | 'refresh_token_invalid'
  | 'refresh_busy'
  | 'session_ended'
  | 'subject_changed'
  | 'shutting_down'
  | 'map_claims_failed'
  | 'invalid_target'
  | 'subject_token_invalid'
  // a token that is no valid access token for this application
  | 'token_missing'
  | 'authorization_header_repeated'
  | 'token_malformed'
  | 'token_too_large'
  | 'token_opaque'
  | 'token_encrypted'
  | 'token_type_not_allowed'
  | 'token_critical_header'
  | 'token_algorithm_not_allowed'
  | 'token_issuer_unknown'
  | 'token_key_unknown'
  | 'token_signature_invalid'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_audience_mismatch'
  | 'token_claims_invalid'
  // a valid token that does not meet a route's constraints
  | 'scopes_missing'
  | 'claim_not_met'
  | 'roles_missing'
  | 'token_not_accepted';

/** What an {@link OidcAuthError} may carry beside its code and text. */
export interface OidcAuthErrorDetails {
  /** The error code of an OAuth specification to answer with, where the library's own code does not imply it. */
  readonly oauthError?: string | undefined;
  /** Scopes the token lacks (RFC 6750 §3). */
  readonly missingScopes?: readonly string[] | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number | undefined;
  /** A hint for the operator's log only: it may name addresses and options, never a token or a secret. */
  readonly operatorHint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class of this library.
 *
 * `message` is fit for the caller of an API: it says what happened and how to mend it, and holds no token, secret or
 * internal address.
 */
export class OidcAuthError extends Error {
  override readonly name = 'OidcAuthError';
  declare readonly oauthError?: string;
  declare readonly missingScopes?: readonly string[];
  declare readonly retryAfter?: number;
  declare readonly operatorHint?: string;

  constructor(
    /** Stable code of the reason. */
    readonly code: OidcAuthErrorCode,
    message: string,
    { cause, ...details }: OidcAuthErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    // Loggers print every member: one without a value is left out.
    for (const [name, value] of Object.entries(details)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }
}
