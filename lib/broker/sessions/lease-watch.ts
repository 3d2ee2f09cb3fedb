import { LRUCache } from 'lru-cache';

const MOST_LEASES = 10_000;
/** ms beyond a lease's length before somebody takes it over. */
const MARGIN = 1_000;

interface Watch {
  readonly since: number;
  /** When it was first seen to be over. */
  overSince?: number;
}

/**
 * When this process first saw which lease, on its own monotonic clock: a lease is taken over only by who has watched it
 * unchanged for its whole length, so no clock has to agree with another. The memory lasts from request to request.
 *
 * Once it is over it is watched for a moment more: after an outage of the store its holder, who could not write, goes
 * first.
 */
export class LeaseWatch {
  private readonly watched = new LRUCache<string, Watch>({ max: MOST_LEASES });

  /** Whether the holder of the lease must have given up, or died. To be asked at each look at it. */
  hasRunOut({ by, forMs }: { readonly by: string; readonly forMs: number }): boolean {
    const now = performance.now();
    const watch = this.watched.get(by);
    if (watch === undefined) {
      this.watched.set(by, { since: now });
      return false;
    }
    if (now - watch.since < forMs) return false;
    watch.overSince ??= now;
    return now - watch.overSince >= MARGIN;
  }
}
