import {
  describeBrokerStore,
  type BrokerStoreContractOptions,
  type OpenBrokerStore,
} from '../../../lib/testing/index.js';

type Hook = () => Promise<void>;

/** What a test file says between two braces of `describe`. */
class Scope {
  readonly beforeAll: Hook[] = [];
  readonly afterAll: Hook[] = [];
  readonly beforeEach: Hook[] = [];
  readonly afterEach: Hook[] = [];
  readonly parts: (Scope | readonly [name: string, body: Hook])[] = [];

  constructor(readonly name: string) {}
}

export interface Failure {
  /** Of the test, with those of what it is in, but for the store's. */
  readonly test: string;
  readonly message: string;
}

/** Runs the suite on a store, as a test runner would, and says which of its tests failed; all, or those whose names hold `only`. */
export async function failuresOf(
  open: OpenBrokerStore,
  options: BrokerStoreContractOptions = {},
  only = '',
): Promise<Failure[]> {
  const file = new Scope('');
  let scope = file;
  describeBrokerStore('store', open, {
    ...options,
    runner: {
      describe: (name, body) => {
        const outer = scope;
        scope = new Scope(name === 'store' ? '' : `${outer.name}${name} `);
        outer.parts.push(scope);
        body();
        scope = outer;
      },
      it: (name, body) => scope.parts.push([scope.name + name, body]),
      before: (body) => scope.beforeAll.push(body),
      after: (body) => scope.afterAll.push(body),
      beforeEach: (body) => scope.beforeEach.push(body),
      afterEach: (body) => scope.afterEach.push(body),
    },
  });
  const failures: Failure[] = [];
  const run = (test: string, hooks: readonly Hook[]) =>
    inTurn(hooks).catch((error: Error) => failures.push({ test, message: error.message }));

  async function runScope(scope: Scope, outer: readonly Scope[]): Promise<void> {
    const scopes = [...outer, scope];
    if (!isWanted(scope)) return;
    await run(`${scope.name}beforeAll`, scope.beforeAll);
    for (const part of scope.parts) {
      if (part instanceof Scope) await runScope(part, scopes);
      else if (part[0].includes(only)) {
        const [name, body] = part;
        await run(name, [...scopes.flatMap(({ beforeEach }) => beforeEach), body]);
        await run(
          `${name} afterEach`,
          scopes.toReversed().flatMap(({ afterEach }) => afterEach),
        );
      }
    }
    await run(`${scope.name}afterAll`, scope.afterAll);
  }

  const isWanted = (scope: Scope): boolean =>
    scope.parts.some((part) => (part instanceof Scope ? isWanted(part) : part[0].includes(only)));

  await runScope(file, []);
  return failures;
}

async function inTurn(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await hook();
}
