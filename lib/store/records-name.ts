import { storeMisconfigured } from './store-misconfigured.js';

/**
 * What a table or collection with the records is called.
 *
 * @param option that the prefix was given by
 * @throws {@link OidcAuthError} `store_misconfigured` for a prefix that cannot be used
 */
export function recordsName(prefix = 'oidc_auth_', option: string): string {
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9_]{0,40}$/.test(prefix)) {
    throw storeMisconfigured(`${option} must be at most 40 letters, digits and underscores.`);
  }
  return `${prefix}records`;
}
