import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryBrokerStore, type BrokerStoreProvider } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
let dataFolder: string;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'data-home-'));
  vi.stubEnv('XDG_DATA_HOME', dataFolder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dataFolder, { recursive: true });
});

const startWith = (brokerStore: unknown) =>
  startBroker(adapters[0], op, { auth: { brokerStore: brokerStore as BrokerStoreProvider } });

/** Why an application does not start. */
const refusalOf = (brokerStore: unknown) =>
  startWith(brokerStore).then(
    (app) => app.close().then(() => undefined),
    ({ code, message }: Error & { code?: string }) => ({ code, message }),
  );

/** All that a store does, by a class of the application's own family. */
const duckTyped = (store: MemoryBrokerStore) =>
  Object.fromEntries(
    (
      [
        'setup',
        'close',
        'ping',
        'now',
        'insert',
        'find',
        'replace',
        'remove',
        'list',
        'removeAll',
        'purgeExpired',
      ] as const
    ).map((name) => [name, (store[name] as () => unknown).bind(store)]),
  );

const ALL = 'setup, close, ping, now, insert, find, replace, remove, list, removeAll, purgeExpired';

describe('a brokerStore extra that makes no store', () => {
  class NoStore {}

  it.each<[string, unknown, string]>([
    ['a factory that forgot to return it', { useFactory: () => undefined }, ALL],
    ['an asynchronous one that forgot it', { useFactory: async () => undefined }, ALL],
    ['a factory that returns null', { useFactory: () => null }, ALL],
    ['a factory that returns an address', { useFactory: () => 'sqlite:///sessions.sqlite' }, ALL],
    ['a factory that returns a plain object', { useFactory: () => ({ url: 'sqlite:///sessions.sqlite' }) }, ALL],
    ['a class of something else', { useClass: NoStore }, ALL],
    ['the value undefined', { useValue: undefined }, ALL],
    [
      'an unfinished store',
      { useFactory: () => ({ ...duckTyped(new MemoryBrokerStore()), list: undefined, purgeExpired: undefined }) },
      'list, purgeExpired',
    ],
  ])('keeps the application from starting: %s', async (_, brokerStore, missing) => {
    expect(await refusalOf(brokerStore)).toEqual({
      code: 'store_misconfigured',
      message: `What the brokerStore extra provides is no BrokerStore: it lacks ${missing}.`,
    });
  });

  it.each<[string, unknown]>([
    ['as a value', { useValue: MemoryBrokerStore }],
    ['by a factory', { useFactory: () => MemoryBrokerStore }],
  ])('is told to be a class where it is one, given %s', async (_, brokerStore) => {
    expect(await refusalOf(brokerStore)).toEqual({
      code: 'store_misconfigured',
      message:
        'What the brokerStore extra provides is a class or a function: give an instance, or the class as useClass.',
    });
  });

  it('does not become a file that nobody asked for', async () => {
    await refusalOf({ useFactory: () => undefined });
    expect(readdirSync(dataFolder)).toEqual([]);
  });
});

describe('a brokerStore extra that is no provider', () => {
  it.each<[string, unknown]>([
    ['a store', new MemoryBrokerStore()],
    ['the class of a store', MemoryBrokerStore],
    ['a factory', () => new MemoryBrokerStore()],
    ['an empty object', {}],
    ['an address', 'sqlite:///sessions.sqlite'],
    ['null', null],
    ['true', true],
  ])('is told with what it must be: %s', async (_, brokerStore) => {
    expect(await refusalOf(brokerStore)).toEqual({
      code: 'options_invalid',
      message:
        'The options of OidcAuthModule have a problem:\n' +
        '  - brokerStore must be a provider: { useClass }, { useExisting }, { useFactory, inject } or { useValue }; ' +
        'a store itself is given as brokerStoreObj',
    });
  });
});

describe('a brokerStore extra that makes a store', () => {
  it('may do so by a class of its own, whatever that extends', async () => {
    const store = new MemoryBrokerStore();
    const app = await startWith({ useFactory: () => duckTyped(store) });
    await signIn(app);
    expect(await store.list('grant', {}, { limit: 10 })).toHaveLength(1);
    await app.close();
  });
});
