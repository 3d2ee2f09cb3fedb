import { type Answer, json } from '../http/exchange.js';
import type { Provider } from '../provider.js';
import { PATHS } from './endpoints.js';
import { GRANT_TYPES } from './token-endpoint.js';

/** OpenID Connect Discovery §4.2. */
export function discovery({ issuer, keys }: Provider): Answer {
  const at = (path: string) => `${issuer}${path}`;
  const authentication = ['client_secret_basic', 'client_secret_post', 'none'];
  return json({
    issuer,
    authorization_endpoint: at(PATHS.authorization),
    token_endpoint: at(PATHS.token),
    jwks_uri: at(PATHS.jwks),
    userinfo_endpoint: at(PATHS.userinfo),
    device_authorization_endpoint: at(PATHS.device_authorization),
    revocation_endpoint: at(PATHS.revocation),
    introspection_endpoint: at(PATHS.introspection),
    end_session_endpoint: at(PATHS.end_session),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: GRANT_TYPES,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [keys.alg],
    token_endpoint_auth_methods_supported: authentication,
    revocation_endpoint_auth_methods_supported: authentication,
    introspection_endpoint_auth_methods_supported: authentication,
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'sid', 'name', 'email'],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
}

/** RFC 7517 §5. */
export function jwks({ keys }: Provider): Answer {
  return json({ keys: keys.published.map(({ publicJwk }) => publicJwk) });
}
