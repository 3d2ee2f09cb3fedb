import type { BrokerStore } from '../../store/broker-store.js';
import type { TestRunner } from './test-runner.js';

/**
 * Opens a store whose records lie at `place`, a text that means something to this store only: the prefix of its keys, the
 * name of a database, a file. Stores at one place have the same records, those at different places never meet.
 */
export type OpenBrokerStore = (place: string) => BrokerStore | Promise<BrokerStore>;

/** What `describeBrokerStore` needs besides. */
export interface BrokerStoreContractOptions {
  /** The functions of the test runner. Default: the globals, which jest has, and vitest with `globals: true`. */
  readonly runner?: TestRunner | undefined;
  /** Makes a place without records, for one test. Default: a random name of 37 letters, digits and underscores. */
  readonly create?: (() => string | Promise<string>) | undefined;
  /** Takes the place away again, when its stores have been closed. */
  readonly destroy?: ((place: string) => void | Promise<void>) | undefined;
  /** How other processes open a store. Left out only where a store is for one process: nothing is raced between processes then. */
  readonly process?: StoreProcess | undefined;
  /** Puts a proxy between a store and its database. Left out where there is no network between them. */
  readonly proxy?: ((place: string) => StoreProxy | Promise<StoreProxy>) | undefined;
}

/** A module loaded in four child processes; in one of them `Date` is two minutes fast, in another two minutes slow. */
export interface StoreProcess {
  /** Of a module that exports `open`, an {@link OpenBrokerStore}: an absolute URL, as by `new URL('./open.js', import.meta.url)`. */
  readonly module: string | URL;
  /** Options of Node that are needed to load it, as `['--import', 'tsx']`. Default none. */
  readonly execArgv?: readonly string[] | undefined;
}

/** A way to a place on which answers get lost, and which can hang. */
export interface StoreProxy {
  /** The same records, reached through the proxy. */
  readonly place: string;
  /**
   * What the store says next reaches the database, and the answer does not come back: the connection breaks instead.
   *
   * @returns what settles when that has happened
   */
  loseNextAnswer(): Promise<void>;
  /** Nothing gets through any more, neither on connections that there are nor on new ones, and nobody is told. */
  hang(): void | Promise<void>;
  /** Ends what `hang` began: what was held up goes on. */
  resume(): void | Promise<void>;
  close(): void | Promise<void>;
}
