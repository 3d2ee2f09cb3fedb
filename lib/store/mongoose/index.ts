export { MongooseBrokerStore, type MongooseBrokerStoreOptions } from './mongoose-broker-store.js';
export type { CollectionOptions } from './collections.js';
