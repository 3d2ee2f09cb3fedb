import type { JWTPayload } from 'jose';
import type { VerificationMetadata } from '../provider/provider-answers.js';
import type { AccessTokenHeader } from './access-token-rules.js';
import type { RemoteKeySet } from './remote-key-set.js';

/** An issuer whose access tokens are accepted: its name, its algorithms, its keys, and what its tokens must be. */
export interface AcceptedIssuer {
  readonly keys: RemoteKeySet;
  /** What tokens are checked against; known at once after the first call. */
  metadata(): Promise<VerificationMetadata>;
  /** What is demanded beyond signature, issuer and times. @throws {@link OidcAuthError} with a `token_…` code */
  assertAcceptable(header: AccessTokenHeader, claims: JWTPayload): void;
}
