import { Barrier, type Plan } from '../fixtures/broker-process/interruptions.js';
import type { RefreshingApplication } from './refreshing.js';

/** ms that a lease lasts beyond the option `timeout`. */
export const LEASE_BEYOND_TIMEOUT = 5_000;
/** ms for which it must have been seen to be over. */
const MARGIN = 1_000;

/** Refreshes at a process that meets another's lease, watches it, and finds that it has run out. */
export async function takeOver(app: RefreshingApplication, refreshToken: string, plan: Plan = {}): Promise<Response> {
  const watching = new Barrier();
  app.interrupt({ ...plan, 'before find 2': watching.hold });
  const answer = app.refresh(refreshToken);
  await watching.arrived;
  app.leap(app.timeout + LEASE_BEYOND_TIMEOUT);
  watching.open();
  // He has looked once more, and waited for longer than anybody does.
  await answer;
  app.leap(MARGIN);
  return persistently(app, refreshToken);
}

/** As a client does that heeds `Retry-After`, but for the waiting: whoever has watched a lease remembers it. */
export async function persistently(
  app: Pick<RefreshingApplication, 'refresh'>,
  refreshToken: string,
  first = app.refresh(refreshToken),
): Promise<Response> {
  let answer = await first;
  for (let again = 0; again < 5 && answer.headers.has('retry-after'); again++) answer = await app.refresh(refreshToken);
  return answer;
}
