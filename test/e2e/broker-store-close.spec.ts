import { Injectable, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoryBrokerStore, OidcAuthModule, type BrokerStoreProvider } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { brokerUrl, startBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
afterEach(() => {
  vi.useRealTimers();
});

/** What became of the stores of one test. */
let closed: ClosableStore[] = [];

@Injectable()
class ClosableStore extends MemoryBrokerStore {
  override async close() {
    closed.push(this);
  }
}

@Module({ providers: [ClosableStore], exports: [ClosableStore] })
class StoreModule {}

const store = new ClosableStore();

const given: [string, { brokerStore: BrokerStoreProvider } | { brokerStoreObj: ClosableStore }][] = [
  ['useValue', { brokerStore: { useValue: store } }],
  ['useClass', { brokerStore: { useClass: ClosableStore } }],
  ['useExisting', { brokerStore: { useExisting: ClosableStore } }],
  ['useFactory', { brokerStore: { useFactory: (made: ClosableStore) => made, inject: [ClosableStore] } }],
  ['an asynchronous useFactory', { brokerStore: { useFactory: async () => store } }],
  ['brokerStoreObj', { brokerStoreObj: store }],
];

describe.each(adapters)('the store of an application on $name is closed with it, once', (adapter) => {
  it.each(given)('when given by %s to forRoot', async (_, way) => {
    closed = [];
    const app = await startBroker(adapter, op, { auth: { ...way, imports: [StoreModule] } });
    expect(closed).toEqual([]);
    await app.close();
    expect(closed).toHaveLength(1);
    expect(closed[0]).toBeInstanceOf(ClosableStore);
  });

  it.each(given)('when given by %s to forRootAsync', async (_, way) => {
    closed = [];
    const options = { ...clientOptions(op), brokerMode: true, brokerIssuer: brokerUrl };
    const auth = OidcAuthModule.forRootAsync({
      imports: [StoreModule],
      ...('brokerStore' in way ? way : {}),
      useFactory: async () => ({ ...options, ...('brokerStore' in way ? {} : way) }),
    });
    const app = await startApplication(adapter, { auth: undefined, module: { imports: [auth] } });
    expect(closed).toEqual([]);
    await app.close();
    expect(closed).toHaveLength(1);
    expect(closed[0]).toBeInstanceOf(ClosableStore);
  });
});

describe('an application whose store', () => {
  it('fails to close ends all the same, and says so', async () => {
    class FailingStore extends MemoryBrokerStore {
      override close() {
        return Promise.reject(new Error('the socket is gone'));
      }
    }
    const logger = new OperatorLines();
    const app = await startBroker(adapters[0], op, { auth: { brokerStoreObj: new FailingStore() }, logger });
    await app.close();
    expect(logger.containing('FailingStore.close() failed (Error): "the socket is gone"')).toHaveLength(1);
  });

  it('never comes to an end with closing ends without it, and says so', async () => {
    let closing = () => {};
    const isClosing = new Promise<void>((resolve) => {
      closing = resolve;
    });
    class HangingStore extends MemoryBrokerStore {
      override close() {
        closing();
        return new Promise<void>(() => {});
      }
    }
    const logger = new OperatorLines();
    const app = await startBroker(adapters[0], op, { auth: { brokerStoreObj: new HangingStore() }, logger });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const ended = app.close();
    await isClosing;
    vi.advanceTimersByTime(5_900);
    expect(logger.containing('HangingStore')).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(logger.containing('HangingStore.close() has not settled for 6 s')).toHaveLength(1);
    vi.advanceTimersByTime(3_900);
    expect(logger.containing('ends without it')).toEqual([]);
    vi.advanceTimersByTime(100);
    await ended;
    expect(
      logger.containing('The broker store has not closed within 10 s: the application ends without it.'),
    ).toHaveLength(1);
  });
});
