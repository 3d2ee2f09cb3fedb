import type { JWTPayload } from 'jose';
import type { VerificationMetadata } from '../provider/provider-answers.js';
import type { AccessTokenHeader } from './access-token-rules.js';
import type { RemoteKeySet } from './remote-key-set.js';

/** An issuer whose access tokens are accepted: its name, its algorithms, its keys, and what its tokens must be. */
export interface AcceptedIssuer {
  readonly keys: RemoteKeySet;
  /** What tokens are checked against; known at once after the first call. */
  metadata(): Promise<VerificationMetadata>;
  /**
   * What of verified claims counts here: all that is demanded beyond signature, issuer and times is met.
   *
   * @throws {@link OidcAuthError} with a `token_…` code
   */
  admit(header: AccessTokenHeader, claims: JWTPayload): JWTPayload;
}

/** One whose name is known without asking it. */
export interface NamedIssuer extends AcceptedIssuer {
  readonly issuer: string;
}
