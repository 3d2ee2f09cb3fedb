import type { PublicKey } from '../login/token-issuer.js';
import { withoutTrailingSlash } from '../options/addresses.js';
import type { EndpointName } from '../options/oidc-auth-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { DEVICE_CODE_GRANT } from '../provider/provider-answers.js';
import type { EndpointPaths } from './endpoints.js';

/** What the token endpoint of broker mode does for clients; a code is redeemed only for a login that began here. */
const GRANT_TYPES = ['refresh_token', DEVICE_CODE_GRANT, 'urn:ietf:params:oauth:grant-type:token-exchange'];

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
 * The algorithms are those of all keys that are published: another `signingAlgorithm` is not used before verifiers can
 * know its key, and what was signed with the earlier one stays valid until it expires.
 *
 * There is no `authorization_endpoint`: the identity provider answers logins, with its own `iss`, which a client that
 * took us for the authorization server would have to refuse (RFC 9207 §2.4).
 *
 * @throws whatever `publicKeys` does: who does not know the keys cannot say how tokens are signed
 */
export async function serverMetadata(
  { broker, publicUrl }: ResolvedOptions,
  { prefix, paths }: EndpointPaths,
  publicKeys: () => Promise<readonly PublicKey[]>,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (broker === undefined || broker.issuerIsAudience) return undefined;
  const base = publicUrl === undefined ? withoutTrailingSlash(broker.issuer) : `${publicUrl}${prefix}`;
  const algorithms = new Set([...(await publicKeys()).map(({ alg }) => alg), broker.signingAlgorithm]);
  const addresses = MEMBERS.filter(([, endpoint]) => paths[endpoint] !== undefined);
  return {
    issuer: broker.issuer,
    ...Object.fromEntries(addresses.map(([member, endpoint]) => [member, `${base}${paths[endpoint]}`])),
    grant_types_supported: GRANT_TYPES.filter((type) => paths.device !== undefined || type !== DEVICE_CODE_GRANT),
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...algorithms],
    token_endpoint_auth_methods_supported: ['none'],
  };
}
