import { LRUCache } from 'lru-cache';

const MOST_LEASES = 10_000;
/** ms beyond a lease's length before somebody takes it over. */
const MARGIN = 1_000;

/**
 * When this process first saw which lease, on its own monotonic clock: a lease is taken over only by who has watched it
 * unchanged for its whole length, so no clock has to agree with another. The memory lasts from request to request.
 */
export class LeaseWatch {
  private readonly firstSeen = new LRUCache<string, number>({ max: MOST_LEASES });

  /** Whether the holder of the lease must have given up, or died. */
  hasRunOut({ by, forMs }: { readonly by: string; readonly forMs: number }): boolean {
    const now = performance.now();
    const since = this.firstSeen.get(by);
    if (since === undefined) {
      this.firstSeen.set(by, now);
      return false;
    }
    return now - since >= forMs + MARGIN;
  }
}
