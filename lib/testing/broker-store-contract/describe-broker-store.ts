import { randomUUID } from 'node:crypto';
import type { BrokerStore } from '../../store/broker-store.js';
import { allSettled } from './all-settled.js';
import { describeExpiry } from './expiry.js';
import { describeHanging } from './hanging.js';
import { describeLists } from './lists.js';
import { describeLostAnswers } from './lost-answers.js';
import { describeProcesses } from './processes.js';
import { describeRaces } from './races.js';
import { describeRecords } from './records.js';
import { describeSetup } from './setup.js';
import type { Suite } from './suite.js';
import { contractRunner, type TestRunner } from './test-runner.js';

/**
 * Opens a store whose records lie at `place`, a text that means something to this store only: the prefix of its keys, the
 * name of a database, a file. Stores at one place have the same records, those at different places never meet.
 */
export type OpenBrokerStore = (place: string) => BrokerStore | Promise<BrokerStore>;

/** What {@link describeBrokerStore} needs besides. */
export interface BrokerStoreContractOptions {
  /** The functions of the test runner. Default: the globals, which jest has, and vitest with `globals: true`. */
  readonly runner?: TestRunner | undefined;
  /** Makes a place without records, for one test. Default: a random name of 37 letters, digits and underscores. */
  readonly create?: (() => string | Promise<string>) | undefined;
  /** Takes the place away again, when its stores have been closed. */
  readonly destroy?: ((place: string) => void | Promise<void>) | undefined;
  /** How other processes open a store. Left out only where a store is for one process: nothing is raced between processes then. */
  readonly process?: StoreProcess | undefined;
  /** Puts something that breaks between a store and its database. Left out where there is no network between them. */
  readonly interpose?: ((place: string) => Promise<Interposed>) | undefined;
}

/** A module that four processes of their own load; the `Date` of one is two minutes fast by then, that of another slow. */
export interface StoreProcess {
  /** Of a module that exports `open`, an {@link OpenBrokerStore}: an absolute URL, as by `new URL('./open.js', import.meta.url)`. */
  readonly module: string | URL;
  /** Options of Node that are needed to load it, as `['--import', 'tsx']`. Default none. */
  readonly execArgv?: readonly string[] | undefined;
}

/** A way to a place, on which answers get lost, and which may hang. */
export interface Interposed {
  /** The same records, reached by that way. */
  readonly place: string;
  /** What the store says next reaches the database, and the answer does not come back: the connection breaks instead. */
  loseNextAnswer(): void;
  /**
   * Nothing gets through any more, on new connections neither, and nobody is told. Left out where that cannot be had: then
   * it is not checked that methods reject.
   */
  hang?(): void | Promise<void>;
  /** What hung goes on. */
  resume?(): void | Promise<void>;
  close(): void | Promise<void>;
}

/**
 * Checks the contract of {@link BrokerStore}, and races its atomic promises within and between processes, two of which
 * have a `Date` that is off: to be called at the top of a test file of any runner.
 *
 * A suite that passes does not show that writes survive a crash or a failover, that reads ask the primary where there are
 * replicas, that `setup` ends where the database hangs, that `close` leaves alone what the store was given, that a clock
 * other than `Date` is never asked, or that an atomic step has no gap which these races did not hit. Without `process`
 * nothing is known of other processes, without `interpose` nothing of broken connections.
 *
 * ```ts
 * describeBrokerStore('RedisBrokerStore', (place) => new RedisBrokerStore(url, { prefix: place }), {
 *   runner: await import('vitest'),
 *   process: { module: new URL('./open-redis-store.js', import.meta.url) },
 * });
 * ```
 *
 * @throws TypeError where there is no test runner
 */
export function describeBrokerStore(
  name: string,
  open: OpenBrokerStore,
  options: BrokerStoreContractOptions = {},
): void {
  const { create = randomPlace, destroy, process, interpose } = options;
  const runner = contractRunner(options.runner);

  runner.describe(name, () => {
    let place: string;
    let opened: BrokerStore[] = [];

    const another = async (where = place): Promise<BrokerStore> => {
      const store = await open(where);
      opened.push(store);
      await store.setup();
      return store;
    };
    const suite: Suite = {
      runner,
      open,
      another,
      get store() {
        return opened[0]!;
      },
      get place() {
        return place;
      },
    };

    runner.beforeEach(async () => {
      place = await create();
      await another();
    });
    runner.afterEach(async () => {
      const stores = opened;
      opened = [];
      try {
        await allSettled(stores.map(async (store) => store.close()));
      } finally {
        await destroy?.(place);
      }
    });

    describeSetup(suite);
    describeRecords(suite);
    describeExpiry(suite);
    describeLists(suite);
    describeRaces(suite);
    if (process !== undefined) describeProcesses(suite, process);
    if (interpose === undefined) return;
    describeLostAnswers(suite, interpose);
    describeHanging(suite, interpose);
  });
}

function randomPlace(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}
