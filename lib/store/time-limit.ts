/** ms within which a statement is answered, or its outcome is unknown. */
export const STATEMENT_LIMIT = 5_000;

/** `code` of the error for want of an answer. */
export const TIMED_OUT = 'ETIMEDOUT';

/**
 * Whoever waits is told in time, whatever becomes of the work.
 *
 * @param limit in ms
 * @param work is told by the signal when nobody waits for it any more
 */
export async function within<T>(limit: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = timedOut(limit);
      reject(error);
      late.abort(error);
    }, limit);
  });
  try {
    return await Promise.race([work(late.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export function timedOut(limit: number): Error {
  return Object.assign(new Error(`the database did not answer within ${Math.round(limit)} ms`), { code: TIMED_OUT });
}
