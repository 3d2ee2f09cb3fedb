import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { CodeGrant } from '../login/code-redemption.js';
import { ACCESS_TOKEN_TYPE, type TokenExchangeRequest } from '../login/token-issuer.js';
import { DEVICE_CODE_GRANT } from '../provider/provider-answers.js';
import { invalid, type RequestParameters } from '../http/request-parameters.js';

/** What a client posted to the token endpoint. */
export type TokenRequest =
  | { readonly grant: 'authorization_code'; readonly parameters: CodeGrant }
  | { readonly grant: 'refresh_token'; readonly refreshToken: string }
  | { readonly grant: 'device_code'; readonly deviceCode: string }
  | { readonly grant: 'token_exchange'; readonly parameters: TokenExchangeRequest };

/** Each credential under the names it is sent by (existing clients use hyphens), and what it is redeemed as. */
const CREDENTIALS = [
  { name: 'code', grant: 'authorization_code', type: 'authorization_code' },
  { name: 'refresh_token', grant: 'refresh_token', type: 'refresh_token' },
  { name: 'refresh-token', grant: 'refresh_token', type: 'refresh_token' },
  { name: 'device_code', grant: 'device_code', type: DEVICE_CODE_GRANT },
  { name: 'device-code', grant: 'device_code', type: DEVICE_CODE_GRANT },
  { name: 'subject_token', grant: 'token_exchange', type: 'urn:ietf:params:oauth:grant-type:token-exchange' },
] as const;

/**
 * Finds out which grant is meant: by the one credential that was sent, which `grant_type` must not contradict.
 *
 * @throws {@link OidcAuthError} `unsupported_grant_type`, `invalid_request`
 */
export function tokenRequestOf(parameters: RequestParameters, mode: { readonly canExchange: boolean }): TokenRequest {
  const credentials = CREDENTIALS.filter(({ grant }) => mode.canExchange || grant !== 'token_exchange');
  const grantTypes = [...new Set<string>(credentials.map(({ type }) => type))];
  const grantType = parameters.optional('grant_type');
  if (grantType !== undefined && !grantTypes.includes(grantType)) {
    throw new OidcAuthError('unsupported_grant_type', `grant_type must be one of ${grantTypes.join(', ')}.`);
  }
  const sent = credentials.filter(({ name }) => parameters.optional(name) !== undefined);
  const [credential] = sent;
  if (credential === undefined) throw missingCredential(parameters, mode.canExchange);
  if (sent.length > 1)
    throw invalid(`Only one of ${sent.map(({ name }) => name).join(', ')} can be redeemed at a time.`);
  if (grantType !== undefined && grantType !== credential.type) {
    throw invalid(`grant_type and ${credential.name} contradict each other.`);
  }
  const value = parameters.required(credential.name);
  switch (credential.grant) {
    case 'authorization_code':
      return { grant: 'authorization_code', parameters: codeGrantOf(parameters, value) };
    case 'refresh_token':
      return { grant: 'refresh_token', refreshToken: value };
    case 'device_code':
      return { grant: 'device_code', deviceCode: value };
    case 'token_exchange':
      return { grant: 'token_exchange', parameters: tokenExchangeOf(parameters, value) };
  }
}

function missingCredential(parameters: RequestParameters, canExchange: boolean): OidcAuthError {
  if (canExchange) return invalid('One of code, refresh_token, device_code or subject_token is missing or empty.');
  return parameters.optional('subject_token') === undefined
    ? invalid('One of code, refresh_token or device_code is missing or empty.')
    : new OidcAuthError('unsupported_grant_type', 'Tokens are exchanged in broker mode only.');
}

/** RFC 8693 §2.1. What we do not understand of it is refused, not passed over: it would say who acts for whom. */
function tokenExchangeOf(parameters: RequestParameters, subjectToken: string): TokenExchangeRequest {
  for (const name of ['actor_token', 'actor_token_type']) {
    if (parameters.optional(name) !== undefined) throw invalid(`${name} is not supported.`);
  }
  for (const name of ['subject_token_type', 'requested_token_type']) {
    const type = name === 'subject_token_type' ? parameters.required(name) : parameters.optional(name);
    if (type !== undefined && type !== ACCESS_TOKEN_TYPE) throw invalid(`${name} must be ${ACCESS_TOKEN_TYPE}.`);
  }
  return {
    subject_token: subjectToken,
    audience: parameters.all('audience'),
    resource: parameters.all('resource'),
    scope: parameters.optional('scope'),
  };
}

function codeGrantOf(parameters: RequestParameters, code: string): CodeGrant {
  return {
    code,
    redirect_uri: parameters.required('redirect_uri'),
    code_verifier: parameters.optional('code_verifier'),
    state: parameters.optional('state'),
  };
}
