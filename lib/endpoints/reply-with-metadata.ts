import type { HttpAdapterHost } from '@nestjs/core';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { PublicKey } from '../login/token-issuer.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { EndpointPaths } from './endpoints.js';
import type { HttpRequest } from '../http/http-request.js';
import { replyPublicly } from '../http/reply-publicly.js';
import { serverMetadata } from './server-metadata.js';

/**
 * @throws {@link OidcAuthError} `broker_mode_off` where there is none to tell; `store_unavailable`,
 *   `signing_key_unavailable` as the public keys do
 */
export async function replyWithMetadata(
  host: HttpAdapterHost,
  request: HttpRequest,
  response: unknown,
  options: ResolvedOptions | undefined,
  endpoints: EndpointPaths,
  publicKeys: () => Promise<readonly PublicKey[]>,
): Promise<void> {
  const metadata = options === undefined ? undefined : await serverMetadata(options, endpoints, publicKeys);
  if (metadata === undefined) {
    throw new OidcAuthError('broker_mode_off', 'This application is no issuer whose metadata could be told here.');
  }
  replyPublicly(host, request, response, metadata);
}
