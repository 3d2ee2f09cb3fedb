import type { Session } from './session.js';

const SECOND = 1_000;
/** ms; a request may have been on its way for so long when its refresh token is rotated by another. */
const LONGEST_REQUEST = 60 * SECOND;

/** What a genuine refresh token is worth. */
export type Verdict =
  /** It is the current one. */
  | 'current'
  /** It was rotated a moment ago: the caller missed the answer, or somebody else was quicker. */
  | 'replay'
  /** It was rotated a moment ago, and its successor, too. */
  | 'straggler'
  /** It was used before and should be known to nobody any more. */
  | 'reuse';

/**
 * @param arrivedAt when the request came: one that came before the rotation was concurrent with it, whatever the grace
 *   period is
 */
export function judge(
  session: Session,
  generation: number,
  times: { readonly now: number; readonly arrivedAt: number; readonly gracePeriod: number },
): Verdict {
  const age = session.n - generation;
  // Greater: the store lost a write that it had acknowledged.
  if (age <= 0) return 'current';
  const rotatedAt = session.rotations.at(-age);
  const since = Math.min(times.arrivedAt, times.now - times.gracePeriod * SECOND);
  if (rotatedAt === undefined || rotatedAt < since) return 'reuse';
  return age === 1 ? 'replay' : 'straggler';
}

/** The rotations to remember after another one. */
export function rotationsWith(session: Session, now: number, gracePeriod: number): number[] {
  const kept = now - Math.max(gracePeriod * SECOND, LONGEST_REQUEST);
  return [...session.rotations.filter((at) => at >= kept), now];
}
