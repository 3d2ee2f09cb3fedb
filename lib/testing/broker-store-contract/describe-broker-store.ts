import { randomUUID } from 'node:crypto';
import type { BrokerStore } from '../../store/broker-store.js';
import { allSettled } from './all-settled.js';
import type { BrokerStoreContractOptions, OpenBrokerStore } from './contract-options.js';
import { describeExpiry } from './expiry.js';
import { describeHanging } from './hanging.js';
import { describeLists } from './lists.js';
import { describeLostAnswers } from './lost-answers.js';
import { describeProcesses } from './processes.js';
import { describeRaces } from './races.js';
import { describeRecords } from './records.js';
import { describeSetup } from './setup.js';
import type { Suite } from './suite.js';
import { contractRunner } from './test-runner.js';

/**
 * Checks the contract of {@link BrokerStore}, and races its atomic promises within and between processes, two of which
 * have a `Date` that is off: to be called at the top of a test file of any runner.
 *
 * A suite that passes does not show that writes survive a crash or a failover, that reads ask the primary where there are
 * replicas, that `setup` ends where the database hangs, that `close` leaves alone what the store was given, that a clock
 * other than `Date` is never asked, or that an atomic step has no gap which these races did not hit. Without `process`
 * nothing is known of other processes, without `proxy` nothing of broken connections.
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
  const { create = randomPlace, destroy, process, proxy } = options;
  const runner = contractRunner(options.runner);

  runner.describe(name, () => {
    let places: string[] = [];
    let opened: BrokerStore[] = [];

    const unused = async (): Promise<string> => {
      const place = await create();
      places.push(place);
      return place;
    };

    const notSetUp = async (place = places[0]!): Promise<BrokerStore> => {
      const store = await open(place);
      opened.push(store);
      return store;
    };
    const another = async (place?: string): Promise<BrokerStore> => {
      const store = await notSetUp(place);
      await store.setup();
      return store;
    };
    const suite: Suite = {
      runner,
      unused,
      notSetUp,
      another,
      get store() {
        return opened[0]!;
      },
      get place() {
        return places[0]!;
      },
    };

    runner.beforeEach(async () => {
      await unused();
      await another();
    });
    runner.afterEach(async () => {
      const [stores, used] = [opened, places];
      [opened, places] = [[], []];
      try {
        await allSettled(stores.map(async (store) => store.close()));
      } finally {
        await allSettled(used.map(async (place) => destroy?.(place)));
      }
    });

    describeSetup(suite);
    describeRecords(suite);
    describeExpiry(suite);
    describeLists(suite);
    describeRaces(suite);
    if (process !== undefined) describeProcesses(suite, process);
    if (proxy === undefined) return;
    describeLostAnswers(suite, proxy);
    describeHanging(suite, proxy);
  });
}

function randomPlace(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}
