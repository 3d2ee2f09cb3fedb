import type { BrokerStore } from '../../store/broker-store.js';
import type { ContractRunner } from './test-runner.js';

/** What the parts of the contract suite work with. */
export interface Suite {
  readonly runner: ContractRunner;
  /** Of the running test: set up, and with nothing in it. */
  readonly store: BrokerStore;
  readonly place: string;
  /** A place at which nobody has set up a store yet. Taken away after the test. */
  unused(): Promise<string>;
  /** One more store at the same place, set up, and closed after the test. */
  another(place?: string): Promise<BrokerStore>;
  /** The same, not set up yet. */
  notSetUp(place?: string): Promise<BrokerStore>;
}
