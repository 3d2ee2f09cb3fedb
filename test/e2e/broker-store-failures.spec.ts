import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryBrokerStore, OidcAuthError, type BrokerStore } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable } from '../fixtures/responses.js';

let op: TestOp;
let logger: OperatorLines;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => {
  logger = new OperatorLines();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Could be one of ours. */
const refreshToken = `AQ${'A'.repeat(69)}`;

class HomemadeStore extends MemoryBrokerStore {}

const start = (store: BrokerStore) => startBroker(adapters[0], op, { auth: { brokerStoreObj: store }, logger });

/** The one line of the operator about a method that rejects while somebody refreshes. */
async function lineOf(failure: unknown): Promise<string> {
  const store = new HomemadeStore();
  const app = await start(store);
  store.find = () => Promise.reject(failure);
  await expectUnavailable(await app.refresh(refreshToken));
  await app.close();
  const lines = logger.containing('HomemadeStore.find() failed');
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

const named = (name: string, error: Error, fields: object = {}) => Object.assign(error, { name, ...fields });

describe('a method of a store that rejects is named to the operator', () => {
  it.each<[string, unknown, string]>([
    [
      'with the code of the database',
      named('PostgresError', new Error('permission denied for table records'), { code: '42501' }),
      'HomemadeStore.find() failed (PostgresError 42501): "permission denied for table records"',
    ],
    [
      'with a code that is a number',
      named('MongoServerError', new Error('not authorized'), { code: 13 }),
      'HomemadeStore.find() failed (MongoServerError 13): "not authorized"',
    ],
    [
      'with the innermost cause, in place of a statement and its parameters',
      new Error('Failed query: select * from records where id = $1\nparams: a-parameter', {
        cause: new Error('query', {
          cause: named('PostgresError', new Error('relation "records" does not exist'), { code: '42P01' }),
        }),
      }),
      'HomemadeStore.find() failed (PostgresError 42P01): "relation \\"records\\" does not exist"',
    ],
    [
      'with what one of several addresses said',
      new AggregateError([named('Error', new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' })]),
      'HomemadeStore.find() failed (Error ECONNREFUSED): "connect ECONNREFUSED ::1:5432"',
    ],
    ['that it was no error', 'a text', 'HomemadeStore.find() failed (Error): "not an error"'],
  ])('%s', async (_, failure, line) => {
    expect(await lineOf(failure)).toBe(line);
  });

  it('also where each error is the cause of the other', async () => {
    const [one, other] = [new Error('one'), new Error('other')];
    one.cause = other;
    other.cause = one;
    expect(await lineOf(one)).toMatch(/^HomemadeStore\.find\(\) failed \(Error\): "(one|other)"$/);
  });

  it('without the user and password of an address', async () => {
    const line = await lineOf(new Error('cannot reach postgres://scott:ti/g@er@10.1.2.3:5432/db'));
    expect(line).toContain('"cannot reach postgres://…@10.1.2.3:5432/db"');
  });

  it('with the place of a mistake in a program, which is no outage', async () => {
    let failure: unknown;
    try {
      (undefined as unknown as { query: () => void }).query();
    } catch (error) {
      failure = error;
    }
    const [line, ...frames] = (await lineOf(new Error('query failed', { cause: failure }))).split('\n');
    expect(line).toBe(
      'HomemadeStore.find() failed (TypeError): "Cannot read properties of undefined (reading \'query\')". ' +
        'That is a mistake in a program, not an outage:',
    );
    expect(frames[0]).toMatch(/^ +at .*broker-store-failures\.spec\.ts:\d+/);
  });

  it('when the application starts, which it does all the same', async () => {
    const store = new HomemadeStore();
    store.setup = () => Promise.reject(new Error('no route to host'));
    const app = await start(store);
    expect(logger.containing('HomemadeStore.setup() failed (Error): "no route to host"')).toHaveLength(1);
    expect(logger.containing('The application runs on without its broker store')).toHaveLength(1);
    await app.close();
  });
});

describe('a store that refuses to start', () => {
  const refusal = () =>
    new OidcAuthError('store_misconfigured', 'The table sessions is of version 3, and this store needs 4: migrate it.');

  it('keeps the application from starting by store_misconfigured, with its own words', async () => {
    const store = new HomemadeStore();
    store.setup = () => Promise.reject(refusal());
    await expect(start(store)).rejects.toMatchObject({
      code: 'store_misconfigured',
      message: 'The table sessions is of version 3, and this store needs 4: migrate it.',
    });
  });

  it('tells its words to the operator alone where the application was running already', async () => {
    const store = new HomemadeStore();
    let isThere = false;
    store.setup = () => Promise.reject(isThere ? refusal() : new Error('no route to host'));
    const app = await start(store);
    isThere = true;
    const answer = async () => app.refresh(refreshToken);
    // What failed is not tried again at once.
    await expect.poll(async () => (await answer()).status, { interval: 100 }).toBe(500);
    const body = await (await answer()).text();
    expect(JSON.parse(body)).toMatchObject({
      error: 'server_error',
      error_description: 'The store of this application cannot be used as it is.',
    });
    expect(body).not.toContain('version');
    expect(logger.containing('The table sessions is of version 3, and this store needs 4: migrate it.')).not.toEqual(
      [],
    );
    await app.close();
  });

  it('may name no other reason: any other error is an outage', async () => {
    const store = new HomemadeStore();
    store.setup = () => Promise.reject(new OidcAuthError('session_ended', 'postgres is at 10.1.2.3'));
    const app = await start(store);
    const body = await (await app.refresh(refreshToken)).text();
    expect(JSON.parse(body)).toMatchObject({ error: 'temporarily_unavailable' });
    expect(body).not.toContain('10.1.2.3');
    await app.close();
  });
});

describe('a method of a store that hangs', () => {
  it.each(['setup', 'now', 'find'] as const)('is named after 6 s while the application starts: %s', async (method) => {
    const store = new HomemadeStore();
    const original = store[method].bind(store) as (...parameters: unknown[]) => Promise<unknown>;
    const [hangs, called] = signal();
    const [mended, mend] = signal();
    Object.assign(store, {
      [method]: async (...parameters: unknown[]) => {
        called();
        await mended;
        return original(...parameters);
      },
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const starting = start(store);
    await hangs;
    vi.advanceTimersByTime(5_900);
    expect(logger.containing('HomemadeStore')).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(logger.containing(`HomemadeStore.${method}() has not settled for 6 s, and is waited for.`)).toHaveLength(1);
    vi.useRealTimers();
    mend();
    await (await starting).close();
  });
});

function signal(): [Promise<void>, () => void] {
  let fire = () => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return [fired, fire];
}
