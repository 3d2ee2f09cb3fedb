import { setTimeout as delay } from 'node:timers/promises';

/** What becomes of `work`, or `late` where it has not ended after so many ms. */
export async function orLate<T, Late>(limit: number, work: Promise<T>, late: Late): Promise<T | Late> {
  const over = new AbortController();
  try {
    return await Promise.race([work, delay(limit, late, over)]);
  } finally {
    over.abort();
  }
}
