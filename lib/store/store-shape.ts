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

/** A method in words its author knows it by: a store may also be a plain object, or of a class without a name. */
export function storeCall(store: BrokerStore, method: keyof BrokerStore): string {
  const name: unknown = (store as { constructor?: { name?: unknown } }).constructor?.name;
  const isNamed = typeof name === 'string' && name !== '' && name !== 'Object';
  return isNamed ? `${name}.${method}()` : `${method}() of the broker store`;
}
