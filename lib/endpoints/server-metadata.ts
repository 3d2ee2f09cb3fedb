import type { EndpointName } from '../options/oidc-auth-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { EndpointPaths } from './endpoints.js';

/** What the token endpoint of broker mode does for clients; a code is redeemed only for a login that began here. */
const GRANT_TYPES = [
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
];

/** RFC 8414 §2, RFC 8628 §4, OpenID Connect Discovery §3. */
const MEMBERS: readonly (readonly [member: string, endpoint: EndpointName])[] = [
  ['jwks_uri', 'jwks'],
  ['token_endpoint', 'token'],
  ['device_authorization_endpoint', 'device'],
  ['userinfo_endpoint', 'userinfo'],
];

/**
 * What others have to know to verify the tokens of this application, from its issuer alone. `undefined` in pass-through mode,
 * and where the issuer is no address.
 *
 * There is no `authorization_endpoint`: the identity provider answers logins, with its own `iss`, which a client that
 * took us for the authorization server would have to refuse (RFC 9207 §2.4).
 */
export function serverMetadata(
  { broker, publicUrl }: ResolvedOptions,
  { prefix, paths }: EndpointPaths,
): Readonly<Record<string, unknown>> | undefined {
  if (broker === undefined || broker.issuerIsAudience) return undefined;
  const base = publicUrl === undefined ? broker.issuer.replace(/\/+$/, '') : `${publicUrl}${prefix}`;
  const addresses = MEMBERS.filter(([, endpoint]) => paths[endpoint] !== undefined);
  return {
    issuer: broker.issuer,
    ...Object.fromEntries(addresses.map(([member, endpoint]) => [member, `${base}${paths[endpoint]}`])),
    grant_types_supported: GRANT_TYPES.filter((type) => paths.device !== undefined || !type.endsWith('device_code')),
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [broker.signingAlgorithm],
    token_endpoint_auth_methods_supported: ['none'],
  };
}

/** Where RFC 8414 §3.1 puts the metadata of an issuer: between its host and its path. */
export function isIssuerPath({ broker }: ResolvedOptions, prefix: string): boolean {
  return broker !== undefined && URL.canParse(broker.issuer) && new URL(broker.issuer).pathname === (prefix || '/');
}
