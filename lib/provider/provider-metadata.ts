import type { ServerMetadata } from 'openid-client';
import { parseHttpUrl } from '../options/addresses.js';
import { invalidResponse } from './outgoing-fetch.js';

const isAddress = (value: unknown): boolean => typeof value === 'string' && parseHttpUrl(value) !== undefined;
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item: unknown) => typeof item === 'string');

/** What the members that are used must be (Discovery §3, RP-Initiated Logout §2.1, RFC 8414 §2, RFC 8628 §4). */
const MEMBERS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['issuer', isAddress],
  ['authorization_endpoint', isAddress],
  ['token_endpoint', isAddress],
  ['jwks_uri', isAddress],
  ['userinfo_endpoint', isAddress],
  ['device_authorization_endpoint', isAddress],
  ['revocation_endpoint', isAddress],
  ['end_session_endpoint', isAddress],
  ['token_endpoint_auth_methods_supported', isTexts],
  ['id_token_signing_alg_values_supported', isTexts],
]);

const REQUIRED = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri'];

/**
 * The provider's metadata as the library can use it. An optional member that is not what it should be counts as left
 * out; without a required one the document is refused whole, so that it never replaces a good one.
 *
 * @internal keeps openid-client out of the declarations
 * @throws {@link OidcAuthError} `provider_invalid_response`, naming what is missing
 */
export function usableMetadata(document: Readonly<Record<string, unknown>>): ServerMetadata {
  const usable = Object.fromEntries(
    Object.entries(document).filter(([name, value]) => MEMBERS.get(name)?.(value) ?? true),
  );
  const missing = REQUIRED.filter((member) => usable[member] === undefined);
  if (missing.length > 0) throw invalidResponse(`its metadata has no usable ${missing.join(', ')}`);
  return usable as unknown as ServerMetadata;
}
