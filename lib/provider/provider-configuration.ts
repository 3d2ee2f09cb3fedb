import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  None,
  type ClientAuth,
  type ServerMetadata,
} from 'openid-client';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { fetchJson, invalidResponse, type OutgoingFetch } from './outgoing-fetch.js';
import { usableMetadata } from './provider-metadata.js';

const DISCOVERY_HINT =
  'discoveryUrl is the whole address of the metadata, usually one that ends in /.well-known/openid-configuration';

/**
 * Reads the provider's metadata (OpenID Connect Discovery §4, RFC 8414 §3). Options that override metadata are applied
 * here and nowhere else.
 *
 * @internal keeps openid-client out of the declarations
 * @throws {@link OidcAuthError} `provider_unreachable`, `provider_invalid_response`
 */
export async function discover(options: ResolvedOptions, fetch: OutgoingFetch): Promise<ServerMetadata> {
  const document = await fetchJson(fetch, options.discoveryUrl.href, DISCOVERY_HINT);
  return usableMetadata({
    ...document,
    issuer: expectedIssuer(options, document['issuer']),
    ...(options.jwksUri === undefined ? {} : { jwks_uri: options.jwksUri }),
  });
}

/** @internal The provider as openid-client asks it, each request by way of `fetch`. */
export function configurationOf(
  metadata: ServerMetadata,
  options: ResolvedOptions,
  fetch: OutgoingFetch,
): Configuration {
  const configuration = new Configuration(
    metadata,
    options.clientId,
    { [clockTolerance]: options.clockTolerance },
    clientAuthentication(options, metadata),
  );
  configuration[customFetch] = (url, init) => fetch(url, init as RequestInit);
  // Addresses are judged by the outgoing fetch, which also knows of loopback.
  allowInsecureRequests(configuration);
  // The outgoing fetch ends at the configured timeout by itself.
  configuration.timeout = 0;
  return configuration;
}

/** Discovery §4.3: the issuer must be the URL its metadata was found under, unless the options name another. */
function expectedIssuer(options: ResolvedOptions, announced: unknown): string {
  if (options.issuer !== undefined) return options.issuer;
  if (typeof announced !== 'string') throw invalidResponse(`${options.discoveryUrl.href} names no issuer`);
  const { href } = options.discoveryUrl;
  const withoutSlash = announced.replace(/\/$/, '');
  if (href === announced || href.startsWith(`${withoutSlash}/.well-known/`) || isRfc8414Address(announced, href)) {
    return announced;
  }
  throw new OidcAuthError('provider_invalid_response', 'The identity provider is configured wrongly.', {
    operatorHint:
      `The metadata at ${href} names the issuer "${announced}", which does not belong to that address. ` +
      `Correct discoveryUrl, or, if both are right, set issuer: "${announced}".`,
  });
}

/** RFC 8414 §3.1 puts the well-known part between host and path. */
function isRfc8414Address(issuer: string, href: string): boolean {
  if (!URL.canParse(issuer)) return false;
  const { origin, pathname } = new URL(issuer);
  return href === `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
}

function clientAuthentication(options: ResolvedOptions, metadata: ServerMetadata): ClientAuth {
  const { clientSecret, tokenEndpointAuthMethod } = options;
  if (clientSecret === undefined) return None();
  const supported = metadata.token_endpoint_auth_methods_supported;
  const usesPost =
    tokenEndpointAuthMethod === undefined
      ? supported !== undefined &&
        !supported.includes('client_secret_basic') &&
        supported.includes('client_secret_post')
      : tokenEndpointAuthMethod === 'client_secret_post';
  return usesPost ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret);
}
