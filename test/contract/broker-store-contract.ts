import type { BrokerStore } from '../../lib/index.js';
import { describeExpiry } from './expiry.js';
import { describeLists } from './lists.js';
import { describeLostAnswers } from './lost-answers.js';
import { describeProcesses } from './processes.js';
import { describeRaces } from './races.js';
import { describeRecords } from './records.js';
import { describeSetup } from './setup.js';

/** What a test runner brings: vitest, jest and `node:test` (whose `before` is `beforeAll` here) do. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>, timeout?: number): void;
  beforeAll(body: () => Promise<void>, timeout?: number): void;
  afterAll(body: () => Promise<void>): void;
  beforeEach(body: () => Promise<void>): void;
  afterEach(body: () => Promise<void>): void;
}

/** How the suite comes by stores. */
export interface BrokerStoreSubject {
  /** Makes a place for records that is empty, and says by a text of its own kind where that is: once for each test. */
  create(): string | Promise<string>;
  /** A store at such a place, which the suite sets up and closes. Called several times for one place. */
  open(place: string): BrokerStore | Promise<BrokerStore>;
  /** Takes the place away again. */
  destroy?(place: string): void | Promise<void>;
  /** How other processes open a store at such a place; left out where a store is known to one process only. */
  readonly process?:
    | {
        /** URL of a module that exports `open` as above. */
        readonly module: string;
        /** Options of Node that are needed to load it. */
        readonly execArgv?: readonly string[] | undefined;
      }
    | undefined;
  /** Puts something that breaks between a store and its database; left out where there is no network between them. */
  interpose?(place: string): Promise<Interposed>;
}

/** A way to a place, on which answers get lost. */
export interface Interposed {
  readonly place: string;
  /** What the store says next reaches the database, and the answer does not come back. */
  loseNextAnswer(): void;
  close(): Promise<void>;
}

/** What the parts of the suite work with. */
export interface Suite {
  readonly runner: TestRunner;
  readonly subject: BrokerStoreSubject;
  /** Of the running test: set up, and with nothing in it. */
  readonly store: BrokerStore;
  readonly place: string;
  /** One more store at the same place, set up, and closed after the test. */
  another(place?: string): Promise<BrokerStore>;
}

/** Checks each sentence of the contract of {@link BrokerStore}, with the functions of any test runner. */
export function describeBrokerStore(name: string, subject: BrokerStoreSubject, runner: TestRunner): void {
  runner.describe(name, () => {
    let place: string;
    let opened: BrokerStore[] = [];

    const another = async (where = place): Promise<BrokerStore> => {
      const store = await subject.open(where);
      opened.push(store);
      await store.setup();
      return store;
    };
    const suite: Suite = {
      runner,
      subject,
      another,
      get store() {
        return opened[0]!;
      },
      get place() {
        return place;
      },
    };

    runner.beforeEach(async () => {
      place = await subject.create();
      await another();
    });
    runner.afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
      opened = [];
      await subject.destroy?.(place);
    });

    describeSetup(suite);
    describeRecords(suite);
    describeExpiry(suite);
    describeLists(suite);
    describeRaces(suite);
    if (subject.process !== undefined) describeProcesses(suite, subject.process);
    if (subject.interpose !== undefined) describeLostAnswers(suite, subject.interpose.bind(subject));
  });
}
