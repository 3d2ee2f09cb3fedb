export { TypeOrmBrokerStore, type TypeOrmBrokerStoreOptions } from './typeorm-broker-store.js';
export type { TypeOrmBrokerStoreDatabase } from './dialects.js';
export type { TableOptions } from './tables.js';
