import type { BrokerStore } from './broker-store.js';

/** Named one by one, so that a method cannot be forgotten here: it would not compile. */
const METHODS: { readonly [Method in keyof BrokerStore]: true } = {
  setup: true,
  close: true,
  ping: true,
  now: true,
  insert: true,
  find: true,
  replace: true,
  remove: true,
  list: true,
  removeAll: true,
  purgeExpired: true,
};

/** What a value lacks to be a store; whether it extends {@link BrokerStore} does not matter. */
export function missingStoreMethods(value: unknown): string[] {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return Object.keys(METHODS).filter((method) => typeof candidate[method] !== 'function');
}
