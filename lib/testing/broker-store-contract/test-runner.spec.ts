import { describe, expect, it } from 'vitest';
import { contractRunner, type TestRunner } from './test-runner.js';

type Body = () => Promise<void>;

/** A runner that only takes down what it is given. */
function takingDown(bodies: Body[]): TestRunner {
  const take = (body: Body) => bodies.push(body);
  return {
    describe: (_, body) => body(),
    it: (_, body) => take(body),
    beforeEach: take,
    afterEach: take,
    before: take,
    after: take,
  };
}

const forEver = () => new Promise<never>(() => undefined);

describe('with a test runner that has no time limit', () => {
  it('what never ends fails, and is named', async () => {
    const bodies: Body[] = [];
    const runner = contractRunner(takingDown(bodies), 10);
    runner.it('finds what it inserted', forEver);
    for (const hook of ['beforeAll', 'afterAll', 'beforeEach', 'afterEach'] as const) runner[hook](forEver);
    const messages = await Promise.all(bodies.map((body) => body().catch((error: Error) => error.message)));
    expect(messages).toEqual(
      ['finds what it inserted', 'beforeAll', 'afterAll', 'beforeEach', 'afterEach'].map(
        (name) => `"${name}" has not ended after 0.01 s: a method of the store, or what opens it, never ends`,
      ),
    );
  });

  it('what ends in time is told as it is', async () => {
    const bodies: Body[] = [];
    const runner = contractRunner(takingDown(bodies));
    runner.it('passes', async () => undefined);
    runner.it('fails', () => Promise.reject(new Error('wrong')));
    await expect(bodies[0]!()).resolves.toBeUndefined();
    await expect(bodies[1]!()).rejects.toThrow('wrong');
  });
});

it('tests run one after the other, where the runner knows how to say that', () => {
  const said: string[] = [];
  const runner = takingDown([]);
  const describe = Object.assign(runner.describe, { sequential: (name: string) => said.push(name) });
  contractRunner({ ...runner, describe }).describe('a store', () => undefined);
  expect(said).toEqual(['a store']);
});
