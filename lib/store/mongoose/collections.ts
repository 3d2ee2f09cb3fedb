import { storeMisconfigured } from '../store-misconfigured.js';

/** Where the store keeps its records. */
export interface CollectionOptions {
  /**
   * What the name of the collection begins with: up to 40 letters, digits and underscores. Default `'oidc_auth_'`.
   */
  readonly collectionPrefix?: string | undefined;
}

/** @throws {@link OidcAuthError} `store_misconfigured` for a prefix that cannot be used */
export function collectionName({ collectionPrefix = 'oidc_auth_' }: CollectionOptions): string {
  if (typeof collectionPrefix !== 'string' || !/^[A-Za-z0-9_]{0,40}$/.test(collectionPrefix)) {
    throw storeMisconfigured('collectionPrefix must be at most 40 letters, digits and underscores.');
  }
  return `${collectionPrefix}records`;
}
