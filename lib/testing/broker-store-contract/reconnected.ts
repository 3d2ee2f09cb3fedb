import { setTimeout as delay } from 'node:timers/promises';

/** ms that a store may need for another connection. */
const LIMIT = 5_000;

/** What a method says once the store has reached its database again; until then it may reject. */
export async function reconnected<T>(call: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + LIMIT; ; await delay(20)) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
