import { orLate } from './time-limit.js';

/**
 * The functions of a test runner. `import * as runner from 'vitest'`, from `'@jest/globals'` and from `'node:test'` are such
 * runners. A third argument is the time limit in ms, for those that have one there.
 */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>, timeout?: unknown): unknown;
  beforeEach(body: () => Promise<void>, timeout?: unknown): unknown;
  afterEach(body: () => Promise<void>, timeout?: unknown): unknown;
  beforeAll?(body: () => Promise<void>, timeout?: unknown): unknown;
  afterAll?(body: () => Promise<void>, timeout?: unknown): unknown;
  /** What `node:test` calls `beforeAll`. */
  before?(body: () => Promise<void>): unknown;
  /** What `node:test` calls `afterAll`. */
  after?(body: () => Promise<void>): unknown;
}

/** The same under one set of names, with time for databases that are far away. */
export interface ContractRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
  beforeAll(body: () => Promise<void>): void;
  afterAll(body: () => Promise<void>): void;
  beforeEach(body: () => Promise<void>): void;
  afterEach(body: () => Promise<void>): void;
}

/** ms for a test or a hook; jest and vitest give 5,000 by themselves, `node:test` any time. */
const PATIENCE = 60_000;
const LATE = Symbol('late');

/** @throws TypeError where functions are missing: there are no globals, and no runner was given */
export function contractRunner(
  runner: TestRunner = globalThis as unknown as TestRunner,
  patience = PATIENCE,
): ContractRunner {
  const { describe, it, beforeEach, afterEach, beforeAll = runner.before, afterAll = runner.after } = runner;
  if ([describe, it, beforeEach, afterEach, beforeAll, afterAll].some((one) => typeof one !== 'function')) {
    throw new TypeError(
      "describeBrokerStore found no test runner in the globals: give it one, as in { runner: await import('vitest') }, or from '@jest/globals' or 'node:test'",
    );
  }
  // The tests share a place, and vitest can be told to run tests at the same time.
  const { sequential = describe } = describe as { readonly sequential?: TestRunner['describe'] };

  // Not every runner has a limit; of one that has, it comes second, as it says nothing about the store.
  const limited = (what: string, body: () => Promise<void>) => async () => {
    if ((await orLate<void, typeof LATE>(patience, body(), LATE)) === LATE) {
      throw new Error(
        `"${what}" has not ended after ${patience / 1_000} s: a method of the store, or what opens it, never ends`,
      );
    }
  };

  return {
    describe: (name, body) => void sequential(name, body),
    it: (name, body) => void it(name, limited(name, body), 2 * patience),
    beforeAll: (body) => void beforeAll!(limited('beforeAll', body), 2 * patience),
    afterAll: (body) => void afterAll!(limited('afterAll', body), 2 * patience),
    beforeEach: (body) => void beforeEach(limited('beforeEach', body), 2 * patience),
    afterEach: (body) => void afterEach(limited('afterEach', body), 2 * patience),
  };
}
