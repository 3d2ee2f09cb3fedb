/** For tests: the contract of stores, an identity provider, a proxy that breaks connections. None belongs in an application. */
export type {
  BrokerStoreContractOptions,
  OpenBrokerStore,
  StoreProcess,
  StoreProxy,
} from './broker-store-contract/contract-options.js';
export { describeBrokerStore } from './broker-store-contract/describe-broker-store.js';
export type { TestRunner } from './broker-store-contract/test-runner.js';
export { startTcpProxy, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.js';
export * from './test-idp/index.js';
