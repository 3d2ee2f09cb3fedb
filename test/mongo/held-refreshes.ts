import { AsyncLocalStorage } from 'node:async_hooks';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { adapters } from '../fixtures/adapters.js';
import { form } from '../fixtures/application.js';
import { startBroker, type RunningBroker } from '../fixtures/broker.js';
import { interruptibleFetch } from '../fixtures/broker-process/interruptible-fetch.js';
import { InterruptibleStore } from '../fixtures/broker-process/interruptible-store.js';
import { Barrier, Interruptions, Signal, type Moment } from '../fixtures/broker-process/interruptions.js';
import type { TestOp } from '../fixtures/op/index.js';

const momentHeader = 'x-test-moment';

/** An application whose refreshes are held up, each at a moment of its own, until all of them are let go at once. */
export interface HoldingApplication extends RunningBroker {
  /** Settles when it is held. */
  holdAt(moment: Moment, refreshToken: string): Promise<{ readonly answer: Promise<Response> }>;
  letGo(): void;
}

export async function startHolding(op: TestOp, storeUrl: string): Promise<HoldingApplication> {
  const requests = new AsyncLocalStorage<Interruptions>();
  const current = () => requests.getStore();
  const arrivals = new Map<string, Signal>();
  const barrier = new Barrier();
  const app = await startBroker(adapters[0], op, {
    auth: {
      brokerStoreObj: new InterruptibleStore(await openBrokerStore(storeUrl), current),
      fetch: interruptibleFetch(current),
    },
    configure: (nest) =>
      nest.use((request: { headers: Record<string, string> }, _response: unknown, next: () => void) => {
        const interruptions = new Interruptions();
        const key = request.headers[momentHeader];
        const moment = key?.split('/')[0] as Moment | undefined;
        if (moment !== undefined) {
          interruptions.begin({
            [moment]: () => {
              arrivals.get(key!)!.give();
              return barrier.hold();
            },
          });
        }
        requests.run(interruptions, next);
      }),
  });
  return {
    ...app,
    holdAt: async (moment, refreshToken) => {
      const key = `${moment}/${arrivals.size}`;
      const arrival = new Signal();
      arrivals.set(key, arrival);
      const answer = app.fetch('/auth/v2/token', {
        ...form({ refresh_token: refreshToken }),
        headers: { [momentHeader]: key },
      });
      await arrival.given;
      return { answer };
    },
    letGo: () => barrier.open(),
  };
}
