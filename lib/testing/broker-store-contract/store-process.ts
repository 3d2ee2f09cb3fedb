/**
 * A process of its own with a store: `node store-process.js <URL of a module that exports open>`. Does what it is told by
 * messages, all of one message at once.
 */
import type { BrokerRecord, BrokerRecordKind, BrokerStore } from '../../store/broker-store.js';
import type { OpenBrokerStore } from './describe-broker-store.js';

/** The name of a method, and its arguments; or `count`, which adds to the number in a record, without losing any. */
export type Call = readonly [name: Exclude<keyof BrokerStore, 'close'> | 'count', ...args: readonly unknown[]];

export type Task = { readonly open: string } | { readonly calls: readonly Call[] } | { readonly close: true };

/** `undefined` where there is nothing to tell. */
export type Outcome = { readonly results: readonly unknown[] } | { readonly error: string };

const { open } = (await import(process.argv[2]!)) as { open: OpenBrokerStore };
let store: BrokerStore;

async function count(kind: BrokerRecordKind, id: string): Promise<void> {
  for (;;) {
    const found: BrokerRecord | null = await store.find(kind, id);
    const { version, payload } = found!;
    const next = { ...found!, version: version + 1, payload: String(Number(payload) + 1) };
    if (await store.replace(kind, id, version, next)) return;
  }
}

async function perform(task: Task): Promise<readonly unknown[]> {
  if ('open' in task) {
    store = await open(task.open);
    return [];
  }
  if ('close' in task) {
    await store.close();
    return [];
  }
  return Promise.all(
    task.calls.map(([name, ...args]) =>
      name === 'count'
        ? count(...(args as Parameters<typeof count>))
        : (store[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args),
    ),
  );
}

process.on('message', (task: Task) => {
  perform(task).then(
    (results) => process.send!({ results } satisfies Outcome),
    (error: unknown) => process.send!({ error: String(error) } satisfies Outcome),
  );
});
process.send!({ results: [] } satisfies Outcome);
