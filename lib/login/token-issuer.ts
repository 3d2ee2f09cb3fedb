import type { JWTPayload } from 'jose';
import type { ProviderTokens } from '../provider/provider-answers.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { TokenResponse } from './token-response.js';

/** A login or device authorization that the provider has completed. */
export interface CompletedLogin {
  readonly tokens: ProviderTokens;
  /** The claims of the verified ID token, where there is one. */
  readonly identity: JWTPayload | undefined;
  readonly askedScope: string | undefined;
}

/** RFC 8693 §3 */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** RFC 8693 §2.1; what it asks for is an access token. */
export interface TokenExchangeRequest {
  /** An access token of the identity provider, meant for this application. */
  readonly subject_token: string;
  /** Names of those the token shall be for: nobody but this application, by its issuer or audience. */
  readonly audience: readonly string[];
  /** The same by addresses. */
  readonly resource: readonly string[];
  /** Separated by spaces; of those of `subject_token`. Default: all of them. */
  readonly scope?: string | undefined;
}

/** What shows whose session is meant: one of the two; of both, the access token. */
export interface SessionCredential {
  /** An access token of ours, be it expired. */
  readonly accessToken?: string | undefined;
  /** A refresh token of ours, be it an earlier one of the session. */
  readonly refreshToken?: string | undefined;
}

/** A public key as a JSON Web Key (RFC 7517 §4): strings only. */
export type PublicKey = Readonly<Record<string, string>>;

/** Decides whose tokens a client gets: those of the provider, or, in broker mode, the application's own. */
export abstract class TokenIssuer {
  abstract issue(login: CompletedLogin): Promise<TokenResponse>;
  abstract refresh(refreshToken: string): Promise<TokenResponse>;
  abstract exchange(request: TokenExchangeRequest): Promise<TokenResponse>;
  /** Ends a session, and says by which ID token the provider knows its own. */
  abstract endSession(credential: SessionCredential): Promise<{ idTokenHint?: string | undefined }>;
  /** What verifiers need of the application's own tokens. */
  abstract publicKeys(): Promise<readonly PublicKey[]>;
  /** What is known of a user beyond his token. */
  abstract profileOf(token: string, claims: IdTokenClaims): Promise<Readonly<Record<string, unknown>>>;
}
