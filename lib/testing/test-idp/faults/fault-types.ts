import type { TestIdpEndpoint } from '../endpoints/endpoints.js';

/** What can go wrong at every endpoint. */
export type TestIdpCommonFault =
  /** The connection breaks before anything is done. `idp.down()` refuses connections altogether. */
  | 'down'
  /** What was asked is done, then the connection breaks: who asked cannot know. */
  | 'answerLost'
  /** No answer, until the caller gives up or the provider closes. */
  | 'hang'
  /** A page with status 200, as captive portals send it. */
  | 'html'
  /** JSON that ends in the middle, with status 200. */
  | 'garbage'
  /** Status 200 and nothing else. */
  | 'empty'
  /** The right answer, so many ms later. */
  | { readonly slow: number }
  | TestIdpOtherAnswer;

/** Another answer; nothing is done. */
export interface TestIdpOtherAnswer {
  /** From 200 to 599. */
  readonly status: number;
  /** An object is sent as JSON. Default: none. */
  readonly body?: string | Readonly<Record<string, unknown>> | undefined;
  /** Default: a `content-type` that fits the body. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The right answer, changed; errors stay as they are. */
export interface TestIdpEdit {
  /**
   * Gets the members of the JSON, at the authorization endpoint those of the query that the browser is sent back with,
   * and returns all that are to be sent, or a promise of them. Where it throws, or returns anything else, the next `reset()`
   * or `close()` rejects with that, and it is printed on stderr.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the endpoint answers
  readonly edit: (body: Record<string, any>) => Body | Promise<Body>;
}

type Body = Readonly<Record<string, unknown>>;

/** What can go wrong at the authorization endpoint alone. */
export type TestIdpAuthorizationFault =
  /** The answer does not say who gave it, though the metadata promises it (RFC 9207). */
  | 'issMissing'
  /** It names another issuer, as in a mix-up attack. */
  | 'issWrong';

/** What can go wrong at the token endpoint alone. */
export type TestIdpTokenFault =
  /** ID and access token are signed with a key that is not in the JWKS. */
  | 'wrongKey'
  /** ID and access token have no `iss`. */
  | 'issMissing'
  /** ID and access token name another issuer. */
  | 'issWrong'
  /** The ID token has the nonce of another login. */
  | 'nonceWrong'
  /** The ID token has no nonce, whatever the authorization request had. */
  | 'nonceMissing'
  /** The ID token is for another client. */
  | 'audWrong'
  /** The ID token has expired an hour ago. */
  | 'idTokenExpired'
  /**
   * The answer has no `refresh_token`. At a refresh the old one is used up where `refreshTokenRotation` says that it is good
   * once; with `'none'` it stays good, as RFC 6749 §6 has it of an answer without a new one.
   */
  | 'noRefreshToken'
  /** The answer has no `id_token`. */
  | 'noIdToken'
  /** The answer has no `expires_in`. */
  | 'noExpiresIn'
  /** `refresh_expires_in: 0`, as Keycloak sends it for offline tokens: the token does not expire. */
  | 'refreshExpiresInZero'
  /** The ID token has no roles. */
  | 'rolesOnlyInAccessToken';

/** What can go wrong at the userinfo endpoint alone. */
export type TestIdpUserinfoFault =
  /** The answer is about somebody else (OpenID Connect Core §5.3.2). */
  | 'otherSub'
  /** The answer has no roles. */
  | 'rolesOnlyInAccessToken';

/** Faults that belong to one endpoint. */
export interface TestIdpEndpointFaults {
  /** See {@link TestIdpAuthorizationFault}. */
  authorization: TestIdpAuthorizationFault;
  /** See {@link TestIdpTokenFault}. */
  token: TestIdpTokenFault;
  /** See {@link TestIdpUserinfoFault}. */
  userinfo: TestIdpUserinfoFault;
}

/** Where a fault can be set: an endpoint, or `'all'` of them. */
export type TestIdpFaultPlace = TestIdpEndpoint | 'all';

/** The faults of a place. Pages and empty answers have nothing to edit; at `'all'`, all others are. */
export type TestIdpFault<P extends TestIdpFaultPlace = TestIdpFaultPlace> =
  | TestIdpCommonFault
  | (P extends 'device_verification' | 'revocation' | 'end_session' ? never : TestIdpEdit)
  | (P extends keyof TestIdpEndpointFaults ? TestIdpEndpointFaults[P] : never);
