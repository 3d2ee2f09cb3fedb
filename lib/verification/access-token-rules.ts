import type { JWTPayload } from 'jose';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { parseCompactJws, type CompactJws } from './compact-jws.js';
import { isInAudience } from './registered-claims.js';

/** A token of more characters is refused unread. */
const LONGEST_TOKEN = 16 * 1024;

/** Media types of access tokens (RFC 9068 §2.1), and what identity providers used before it. */
const HEADER_TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

/** What Keycloak writes into the payload of tokens that are no access tokens. */
const OTHER_PAYLOAD_TYPES = new Set(['id', 'refresh', 'offline', 'logout']);

/** Claims that only ID tokens (OpenID Connect Core §3.3.2.11) and security events (RFC 8417) have. */
const OTHER_TOKENS_CLAIMS = ['events', 'at_hash', 'c_hash', 's_hash'];

/** Claims that access tokens of one provider or another have, and ID tokens have not. */
const ACCESS_TOKEN_CLAIMS = ['scope', 'scp', 'client_id', 'cid', 'appid', 'azpacr', 'appidacr', 'gty', 'idtyp', 'uid'];

export interface AccessTokenHeader {
  readonly typ: string | undefined;
  readonly alg: string;
  readonly kid: string | undefined;
}

/** @param token a string, unless who received it from a queue or a socket has not looked */
export function assertReadable(token: unknown): asserts token is string {
  if (typeof token !== 'string') throw new OidcAuthError('token_malformed', 'The token is not a string.');
  if (token.length <= LONGEST_TOKEN) return;
  throw new OidcAuthError('token_too_large', `The token has more than ${LONGEST_TOKEN} characters.`);
}

/** Takes a bearer token apart, if it is one that can be: a signed JWT. */
export function parseAccessToken(token: string): CompactJws {
  const parts = token.split('.', 6).length;
  if (parts === 5) {
    throw new OidcAuthError('token_encrypted', 'The token is encrypted (JWE), where a signed one (JWS) is expected.');
  }
  if (parts !== 3) {
    throw new OidcAuthError('token_opaque', 'The token is not a JWT.', {
      operatorHint:
        'A bearer token that is not a JWT was refused. If your identity provider issues opaque access tokens, ask it ' +
        'for JWTs: at Auth0 and some others by naming the API, e.g. authorizationParams: { audience: "https://my-api" }.',
    });
  }
  return parseCompactJws(token);
}

/** Checks all of a header that can be told before a signature is verified. */
export function readAccessTokenHeader({ header: { typ, alg, kid, crit } }: CompactJws): AccessTokenHeader {
  if (crit !== undefined) {
    throw new OidcAuthError(
      'token_critical_header',
      'The token has critical header parameters, which are not supported.',
    );
  }
  if (typ !== undefined && !isAccessTokenType(typ)) {
    throw new OidcAuthError(
      'token_type_not_allowed',
      'The token is not an access token: its header has another "typ".',
    );
  }
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) {
    throw new OidcAuthError('token_malformed', 'The token is not a well-formed JWT.');
  }
  return { typ: typ?.toLowerCase(), alg, kid };
}

function isAccessTokenType(typ: unknown): typ is string {
  return typeof typ === 'string' && HEADER_TYPES.has(typ.toLowerCase());
}

/** The list comes from the configuration or the issuer's metadata, never from the token (RFC 8725 §3.1). */
export function assertAlgorithm(alg: string, allowed: readonly string[]): void {
  if (allowed.includes(alg)) return;
  throw new OidcAuthError(
    'token_algorithm_not_allowed',
    'The token is signed with an algorithm that is not accepted here.',
  );
}

/**
 * Refuses signed tokens of the same issuer that are something else than bearer access tokens.
 *
 * @param clientId whom the issuer's ID tokens are for; `undefined` where it signs none with these keys
 */
export function assertAccessToken({ typ }: AccessTokenHeader, claims: JWTPayload, clientId: string | undefined): void {
  const isOther =
    (typeof claims['typ'] === 'string' && OTHER_PAYLOAD_TYPES.has(claims['typ'].toLowerCase())) ||
    OTHER_TOKENS_CLAIMS.some((claim) => claims[claim] !== undefined) ||
    (claims['nonce'] !== undefined && claims['scope'] === undefined && claims['scp'] === undefined) ||
    (mayBeIdToken(claims, clientId) && !isKnownAccessToken(typ, claims));
  if (isOther) {
    throw new OidcAuthError(
      'token_type_not_allowed',
      'The token is not an access token, but an ID, refresh or logout token.',
    );
  }
  if (claims['cnf'] !== undefined) {
    // RFC 9449 §7.1, RFC 8705 §3: whoever stole it could use it here, were it taken as a bearer token.
    throw new OidcAuthError(
      'token_type_not_allowed',
      'The token is bound to a key of its sender, which is not supported.',
    );
  }
}

/** Core §2: the audience of an ID token is the client. */
function mayBeIdToken(claims: JWTPayload, clientId: string | undefined): boolean {
  return clientId !== undefined && isInAudience(claims.aud, clientId);
}

/** An ID token from a device flow or a refresh need not hold a nonce or a hash, so it cannot be told by what it has. */
function isKnownAccessToken(typ: string | undefined, claims: JWTPayload): boolean {
  return (
    typ === 'at+jwt' ||
    typ === 'application/at+jwt' ||
    String(claims['typ']).toLowerCase() === 'bearer' ||
    ACCESS_TOKEN_CLAIMS.some((claim) => claims[claim] !== undefined)
  );
}

/**
 * Whether the token is meant for this application: any of `accepted` is in `aud`; without a configured audience, `aud`
 * holds the client id, or the token was issued to the client itself (`azp`, `client_id`).
 */
export function isMeantForUs(claims: JWTPayload, accepted: readonly string[], clientId: string): boolean {
  if (accepted.length > 0) return accepted.some((name) => isInAudience(claims.aud, name));
  return isInAudience(claims.aud, clientId) || claims['azp'] === clientId || claims['client_id'] === clientId;
}

/** @param operatorDetail what the token's audience is and what it should be */
export function audienceMismatch(operatorDetail: string): OidcAuthError {
  return new OidcAuthError('token_audience_mismatch', 'The token is meant for another application ("aud").', {
    operatorHint: `A token was refused: ${operatorDetail}`,
  });
}
