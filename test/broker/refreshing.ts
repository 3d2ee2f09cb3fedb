import { vi } from 'vitest';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import type { BrokerStore, OidcAuthModuleExtras, OidcAuthOptions, TokenResponse } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startBroker, type BrokerOptions, type RunningBroker } from '../fixtures/broker.js';
import { interruptibleFetch } from '../fixtures/broker-process/interruptible-fetch.js';
import { InterruptibleStore } from '../fixtures/broker-process/interruptible-store.js';
import { Interruptions, type Act, type Plan } from '../fixtures/broker-process/interruptions.js';
import type { TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { MonotonicClock } from './monotonic-clock.js';

/** An application whose refreshes a test can interrupt anywhere. */
export interface RefreshingApplication extends RunningBroker {
  /** From now on, at the moments of the plan, counted from now. */
  interrupt(plan: Plan): void;
  /** How many times since `interrupt` it has begun. */
  count(act: Act): number;
  /** How many of them have come to their end. */
  completed(act: Act): number;
  /** A login of its own. */
  login(): Promise<Session>;
  /** The option, in ms. */
  readonly timeout: number;
  /** Moves the monotonic clock of this application ahead. */
  leap(ms: number): void;
  /** From now on that clock moves by `leap` only. */
  stopClock(): void;
}

export interface Session {
  readonly refreshToken: string;
  readonly accessToken: string;
  readonly sid: string;
}

export interface RefreshingOptions extends Omit<BrokerOptions, 'auth'> {
  /** A URL, or a store. */
  readonly store: string | BrokerStore;
  /** ms by which the store's clock is ahead, as it were later. */
  readonly later?: number;
  /** Stands before the requests to the provider. */
  readonly wrapFetch?: (through: typeof fetch) => typeof fetch;
  readonly auth?: Partial<OidcAuthOptions & OidcAuthModuleExtras>;
}

/** Two of these on one store are two processes as far as sessions are concerned. */
export async function startRefreshing(op: TestOp, options: RefreshingOptions): Promise<RefreshingApplication> {
  const { store, later = 0, wrapFetch = (through) => through, auth, ...rest } = options;
  const { timeout = 10_000 } = auth ?? {};
  const clock = new MonotonicClock();
  const interruptions = new Interruptions();
  const inner = typeof store === 'string' ? await openBrokerStore(store) : store;
  const brokerStoreObj = new InterruptibleStore(inner, () => interruptions);
  brokerStoreObj.ahead = later;
  const app = await startBroker(adapters[0], op, {
    ...rest,
    configure: (nest) => nest.use(clock.middleware),
    auth: { brokerStoreObj, fetch: wrapFetch(interruptibleFetch(() => interruptions)), timeout, ...auth },
  });
  return {
    ...app,
    interrupt: (plan) => {
      app.events.length = 0;
      interruptions.begin(plan);
    },
    count: (act) => interruptions.count(act),
    completed: (act) => interruptions.completed(act),
    timeout,
    leap: (ms) => clock.leap(ms),
    stopClock: () => clock.stop(),
    close: async () => {
      await app.close();
      clock.release();
    },
    login: async () => sessionOf(await signIn(app)),
  };
}

export function sessionOf({ access_token: accessToken, refresh_token: refreshToken = '' }: TokenResponse): Session {
  return { accessToken, refreshToken, sid: sidOf(refreshToken) };
}

/** Format (1 byte), session (16), generation (4), MAC (32). */
function sidOf(refreshToken: string): string {
  return Buffer.from(refreshToken, 'base64url').subarray(1, 17).toString('base64url');
}

export function generationOf(refreshToken: string): number {
  return Buffer.from(refreshToken, 'base64url').readUInt32BE(17);
}

/** Looks again and again until it is so, on a busy machine, too. */
export function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 20 });
}
