import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BrokerStore, OidcAuthError, TokenBroker } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
let app: RunningBroker;
const store = new BreakableStore();
beforeAll(async () => {
  op = await startOp();
  app = await startBroker(adapters[0], op, { auth: { brokerStoreObj: store } });
});
afterAll(async () => {
  await app.close();
  await op.close();
});
afterEach(() => store.mend());

const calls: [string, (broker: TokenBroker) => Promise<unknown>][] = [
  ['mint', (broker) => broker.mint({ sub: 'job' })],
  ['sessions', (broker) => broker.sessions('https://idp.example.org', 'alice')],
  ['session', (broker) => broker.session('A'.repeat(22))],
  ['endSession', (broker) => broker.endSession('A'.repeat(22))],
  ['endAll', (broker) => broker.endAll('https://idp.example.org', 'alice')],
  ['rotateSigningKey', (broker) => broker.rotateSigningKey()],
  ['reencrypt', (broker) => broker.reencrypt()],
];

describe('TokenBroker in pass-through mode', () => {
  it('can be injected, stores nothing, and says at each call that there is no broker', async () => {
    const passThrough = await startApplication(adapters[0], { auth: clientOptions(op) });
    const broker = passThrough.app.get(TokenBroker);
    expect(passThrough.app.get(BrokerStore)).toBeNull();
    for (const [, call] of calls) {
      const error = await call(broker).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OidcAuthError);
      expect(error).toMatchObject({ code: 'broker_mode_off', message: expect.stringContaining('brokerMode: true') });
    }
    await passThrough.close();
  });
});

describe('TokenBroker while the store is down', () => {
  it.each(calls.filter(([name]) => name !== 'mint'))('says so: %s', async (_, call) => {
    store.break();
    await expect(call(app.broker)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('still mints, as the key is at hand', async () => {
    store.break();
    expect(await app.verdict((await app.broker.mint({ sub: 'job' })).access_token)).toBe('accepted');
  });
});
