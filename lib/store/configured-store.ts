import { Logger } from '@nestjs/common';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { BrokerStore } from './broker-store.js';
import { embeddedStoreUrl } from './embedded-store.js';
import { missingStoreMethods } from './store-shape.js';
import { openBrokerStore } from './store-from-url.js';
import { storeMisconfigured } from './store-misconfigured.js';

/** DI token of what the `brokerStore` extra makes. */
export const PROVIDED_STORE = Symbol('nestjs-oidc-auth:provided-store');

/**
 * The store that the options name; `null` in pass-through mode.
 *
 * @param provided by the `brokerStore` extra
 * @throws {@link OidcAuthError} `store_misconfigured`
 */
export async function configuredStore(
  { broker, discoveryUrl, clientId }: ResolvedOptions,
  provided: BrokerStore | undefined,
): Promise<BrokerStore | null> {
  if (broker === undefined) return null;
  if (broker.hasStoreProvider) return checked(provided);
  if (broker.storeObj !== undefined) return broker.storeObj;
  if (broker.storeUrl !== undefined) return openBrokerStore(broker.storeUrl);
  const url = embeddedStoreUrl(broker.appName, discoveryUrl.href, clientId);
  new Logger('OidcAuth').log(`Broker mode keeps its sessions in ${decodeURIComponent(new URL(url).pathname)}`);
  return openBrokerStore(url);
}

/** What a factory forgot to return must not become the embedded store by itself. */
function checked(provided: BrokerStore | undefined): BrokerStore {
  if (typeof provided === 'function') {
    throw storeMisconfigured(
      'What the brokerStore extra provides is a class or a function: give an instance, or the class as useClass.',
    );
  }
  const missing = missingStoreMethods(provided);
  if (provided !== undefined && missing.length === 0) return provided;
  throw storeMisconfigured(`What the brokerStore extra provides is no BrokerStore: it lacks ${missing.join(', ')}.`);
}
