import { recordsName } from '../records-name.js';

/** Where the store keeps its records. */
export interface CollectionOptions {
  /**
   * What the name of the collection begins with: up to 40 letters, digits and underscores. Default `'oidc_auth_'`.
   */
  readonly collectionPrefix?: string | undefined;
}

/** @throws {@link OidcAuthError} `store_misconfigured` for a prefix that cannot be used */
export function collectionName({ collectionPrefix }: CollectionOptions): string {
  return recordsName(collectionPrefix, 'collectionPrefix');
}
