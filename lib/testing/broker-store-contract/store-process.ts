/**
 * A process of its own with a store: `node store-process.js <URL of a module that exports open> <ms by which its clock is
 * ahead> <ms it may go on without its parent>`. Does what it is told by messages, all of one message at once.
 */
import type { BrokerRecord, BrokerRecordKind, BrokerStore } from '../../store/broker-store.js';
import type { OpenBrokerStore } from './contract-options.js';
import { shiftClock } from './shifted-clock.js';

/** The name of a method, and its arguments; or `count`, which adds to the number in a record, without losing any. */
export type Call = readonly [name: Exclude<keyof BrokerStore, 'close'> | 'count', ...args: readonly unknown[]];

export type Task =
  { readonly load: true } | { readonly open: string } | { readonly calls: readonly Call[] } | { readonly close: true };

/** What a task and its answer are known by: of one that took too long, the answer may come while the next is waited for. */
export interface Numbered {
  readonly number: number;
}

/** `undefined` where there is nothing to tell. */
export type Outcome = { readonly results: readonly unknown[] } | { readonly error: string };

const [module = '', ahead, grace] = process.argv.slice(2);

// A store whose client stays open is to be noticed by the parent, so it is not hidden at once; but a parent may have been killed.
process.on('disconnect', () => setTimeout(() => process.exit(), Number(grace)).unref());
shiftClock(Number(ahead));

const loaded = import(module) as Promise<{ open: OpenBrokerStore }>;
// Told to whoever asks for the store.
loaded.catch(() => undefined);
let store: BrokerStore | undefined;

async function count(store: BrokerStore, kind: BrokerRecordKind, id: string): Promise<void> {
  for (;;) {
    const found: BrokerRecord | null = await store.find(kind, id);
    const { version, payload } = found!;
    const next = { ...found!, version: version + 1, payload: String(Number(payload) + 1) };
    if (await store.replace(kind, id, version, next)) return;
  }
}

async function perform(task: Task): Promise<readonly unknown[]> {
  if ('load' in task) {
    if (typeof ((await loaded) as { open?: unknown }).open !== 'function') {
      throw new TypeError(`${module} exports no function "open"`);
    }
    return [];
  }
  if ('open' in task) {
    await closeStore();
    const { open } = await loaded;
    store = await open(task.open);
    return [];
  }
  if ('close' in task) {
    await closeStore();
    return [];
  }
  const opened = store!;
  return Promise.all(
    task.calls.map(([name, ...args]) =>
      name === 'count'
        ? count(opened, ...(args as [BrokerRecordKind, string]))
        : (opened[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args),
    ),
  );
}

async function closeStore(): Promise<void> {
  const closing = store;
  store = undefined;
  await closing?.close();
}

process.on('message', ({ number, ...task }: Numbered & Task) => {
  const answer = (outcome: Outcome) => {
    if (process.connected) process.send!({ number, ...outcome } satisfies Numbered & Outcome);
  };
  perform(task).then(
    (results) => answer({ results }),
    (error: unknown) => answer({ error: String(error) }),
  );
});
