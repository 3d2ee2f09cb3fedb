import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, type BrokerRecord, type BrokerStore } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

/** A store of a user's own, one method of which is wrong. */
function storeWith(methods: Partial<Record<keyof BrokerStore, (...args: never[]) => unknown>>): BrokerStore {
  class HomemadeStore extends MemoryBrokerStore {}
  return Object.assign(new HomemadeStore(), methods) as BrokerStore;
}

const breach = (method: string, what: string) =>
  `HomemadeStore.${method}() breaks the contract of BrokerStore: it returned ${what}. ` +
  "describeBrokerStore of 'nestjs-oidc-auth/testing' checks a store against all of it.";

const inner = new MemoryBrokerStore();
const [forgetful, indiscriminate, immortal] = [1, 2, 3].map(() => new MemoryBrokerStore()) as [
  MemoryBrokerStore,
  MemoryBrokerStore,
  MemoryBrokerStore,
];
const aRecord: BrokerRecord = { version: 1, payload: '', expiresAt: 1 };
const stringMatching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

/** What writes and lists, of another store. */
function restOf(store: MemoryBrokerStore) {
  return {
    insert: store.insert.bind(store),
    replace: store.replace.bind(store),
    remove: store.remove.bind(store),
    list: store.list.bind(store),
  } as Parameters<typeof storeWith>[0];
}

describe.each([
  { way: 'brokerStoreObj', given: (store: BrokerStore) => ({ brokerStoreObj: store }) },
  { way: 'the brokerStore extra', given: (store: BrokerStore) => ({ brokerStore: { useValue: store } }) },
])('a store given as $way that breaks its contract', ({ given }) => {
  it.each<[string, Parameters<typeof storeWith>[0], string]>([
    [
      'replace always says true',
      { replace: async () => true },
      breach('replace', 'true where false was due: the record has version 1, not 2'),
    ],
    [
      'replace says nothing',
      { replace: async () => undefined },
      breach('replace', 'something other than true or false (undefined)'),
    ],
    [
      'replace says how many rows',
      { replace: async () => 1 },
      breach('replace', 'something other than true or false (1)'),
    ],
    [
      'insert always says true',
      { insert: async () => true },
      breach('insert', 'true where false was due: the id was taken'),
    ],
    [
      'insert always says false',
      { insert: async () => false },
      breach('insert', 'false where true was due: nothing has this id yet'),
    ],
    [
      'insert answers with the record',
      { insert: async (...[, , record]: never[]) => record },
      breach(
        'insert',
        'something other than true or false (an object with version: number, payload: string, expiresAt: number, subject: string, sid: string)',
      ),
    ],
    [
      'remove always says true',
      { remove: async () => true },
      breach('remove', 'true where false was due: the record was just removed'),
    ],
    [
      'remove does nothing',
      { remove: async () => false },
      breach('remove', 'false where true was due: the record is there'),
    ],
    [
      'find finds nothing',
      { find: async () => null },
      breach('find', 'null where a record was due: that was inserted'),
    ],
    [
      'find forgets the index fields',
      {
        find: async (kind: never, id: never) => {
          const { subject: _, sid: __, ...rest } = (await forgetful.find(kind, id))!;
          return rest;
        },
        insert: forgetful.insert.bind(forgetful),
      } as Parameters<typeof storeWith>[0],
      stringMatching(
        /\.find\(\) .* a record whose subject is undefined where "s.{42}" was due, and whose sid is undefined where "i.{42}" was due: that was inserted\./,
      ),
    ],
    [
      'list finds nothing',
      { list: async () => [] },
      breach('list', "the trial's records [] where [A] were due: that has this subject and this sid"),
    ],
    [
      'list finds by other fields than it is told',
      {
        ...restOf(indiscriminate),
        find: indiscriminate.find.bind(indiscriminate),
        list: (kind: 'marker', _filter: never, page: { limit: number }) => indiscriminate.list(kind, {}, page),
      } as Parameters<typeof storeWith>[0],
      // What the first of the two applications has left there is beside the second's.
      stringMatching(
        /\.list\(\) .* (the trial's records \[A,_,a\] where \[A\] were due|records that the filter leaves out): that/,
      ),
    ],
    [
      'nothing expires',
      {
        find: async (_kind: never, id: string) => (id.endsWith('-x') ? aRecord : immortal.find('marker', id)),
        ...restOf(immortal),
      },
      breach('find', 'a record where null was due: the record has expired'),
    ],
    [
      'now is in seconds',
      { now: async () => Math.floor(Date.now() / 1_000) },
      stringMatching(/\.now\(\) .* a time more than a day off this machine's clock \(\d{10}\)/),
    ],
    [
      'find says undefined',
      { find: async () => undefined },
      breach('find', 'something other than null or a record (undefined)'),
    ],
    [
      'find has texts for numbers and null for what is not there',
      { find: async () => ({ version: '1', payload: 'x', expiresAt: '2', subject: null }) },
      breach(
        'find',
        'something other than null or a record (an object with version: string, payload: string, expiresAt: string, subject: null)',
      ),
    ],
    [
      'now is a Date',
      { now: async () => new Date(0) },
      breach('now', 'something other than a non-negative integer (an instance of Date)'),
    ],
    [
      'now is no whole number',
      { now: async () => performance.now() + 0.5 },
      stringMatching(/^HomemadeStore\.now\(\) .* something other than a non-negative integer \(\d+\.\d+\)/),
    ],
  ])('keeps the application from starting, and the method is named: %s', async (_, methods, message) => {
    await expect(startBroker(adapters[0], op, { auth: given(storeWith(methods)) })).rejects.toMatchObject({
      code: 'store_misconfigured',
      message,
    });
  });
});

describe('a store whose answers are wrong only later', () => {
  it('answers 500 and tells the operator which method it was, and nothing of what the record holds', async () => {
    const store = storeWith({});
    const logger = new OperatorLines();
    const app = await startBroker(adapters[1], op, { auth: { brokerStoreObj: store }, logger });
    const { refresh_token } = await signIn(app);
    store.find = async (kind, id) => {
      const found = await inner.find.call(store, kind, id);
      return found && ({ ...found, payload: Buffer.from(found.payload) } as never);
    };
    const response = await app.refresh(refresh_token!);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      error: 'server_error',
      error_description: 'The store of this application cannot be used as it is.',
    });
    expect(
      logger.containing(
        'HomemadeStore.find() breaks the contract of BrokerStore: it returned something other than null or a record (an object with version: number, payload: Buffer, ',
      ),
    ).toHaveLength(1);
    await app.close();
  });

  it('may reject: that is no breach, and told as what it is', async () => {
    const store = storeWith({});
    const logger = new OperatorLines();
    const app = await startBroker(adapters[0], op, { auth: { brokerStoreObj: store }, logger });
    const { refresh_token } = await signIn(app);
    store.find = () => Promise.reject(new Error('the network is gone'));
    expect((await app.refresh(refresh_token!)).status).toBe(503);
    expect(logger.containing('HomemadeStore.find() failed (Error): "the network is gone"')).toHaveLength(1);
    await app.close();
  });
});
