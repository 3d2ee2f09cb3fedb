import type { IdTokenClaims } from '../verification/claims.js';

const CLAIMS = Symbol('nestjs-oidc-auth:claims');

interface AuthenticatedRequest {
  [CLAIMS]?: IdTokenClaims | null;
  user?: unknown;
}

/** The claims a guard has left on a request: `null` where nobody is signed in, `undefined` where no guard ran. */
export function claimsOf(request: object): IdTokenClaims | null | undefined {
  return (request as AuthenticatedRequest)[CLAIMS];
}

/**
 * Leaves the claims for `@IdToken()`, and a copy in `request.user`, where other libraries look. Where several guards
 * run, one that let nobody in has the last word.
 */
export function rememberClaims(request: object, claims: IdTokenClaims | null): void {
  const authenticated = request as AuthenticatedRequest;
  const earlier = authenticated[CLAIMS];
  if (earlier === null) return;
  authenticated[CLAIMS] = claims;
  if (claims !== null) authenticated.user = { ...claims };
  else if (earlier !== undefined) delete authenticated.user;
}
