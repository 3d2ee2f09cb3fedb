import { Inject, Injectable } from '@nestjs/common';
import { randomValue } from '../../sealing/random-value.js';
import { SessionRecords, type SessionChange } from './session-records.js';
import type { StoredSession } from './session.js';
import { UpstreamRefresh } from './upstream-refresh.js';

/** ms for which a lease outlasts the request it is taken for: what is written and asked afterwards. */
const AFTER_ANSWER = 5_000;
/** ms before the end of a lease, for what is still to be written then. */
const BEFORE_END = 1_000;

/** The right to refresh a session at the provider, which one process of all has at a time. */
export interface Lease {
  /** What was stored when it was taken. */
  readonly session: StoredSession;
  readonly by: string;
  /** ms, monotonic: before it was written. */
  readonly takenAt: number;
}

/** Takes leases and frees them. Who may take over one of another process is for `LeaseWatch` to say. */
@Injectable()
export class Leases {
  constructor(
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(UpstreamRefresh) private readonly upstream: UpstreamRefresh,
  ) {}

  /**
   * @returns `undefined` where somebody else has written to the session
   * @throws {@link OidcAuthError} `store_unavailable`
   */
  async take(session: StoredSession): Promise<Lease | undefined> {
    const { lease, doubt, up } = session.value;
    const by = randomValue();
    const takenAt = performance.now();
    const leased = await this.records.swap(session, {
      lease: { by, forMs: this.length },
      last: null,
      // Whoever held it may have asked and not lived to hear the answer.
      doubt: lease === null ? doubt : up!.id,
    });
    return leased === undefined ? undefined : { session: leased, by, takenAt };
  }

  /** Whether its holder was held up for so long that somebody else may soon take it over. */
  isLate({ takenAt }: Lease): boolean {
    return performance.now() - takenAt > AFTER_ANSWER;
  }

  /** ms in which its holder must be done, or give up while there is still time to say so. */
  timeLeft({ takenAt }: Lease): number {
    return takenAt + this.length - BEFORE_END - performance.now();
  }

  /**
   * Frees it while it is still its holder's. A store that fails now lets it run out by itself.
   *
   * @param change what to leave for those who wait
   */
  async release({ session, by }: Lease, change: SessionChange = {}): Promise<void> {
    try {
      for (;;) {
        const current = await this.records.find(session.id);
        if (current === undefined || current.value.lease?.by !== by) return;
        if ((await this.records.swap(current, { ...change, lease: null })) !== undefined) return;
      }
    } catch {
      // Has been told to the operator.
    }
  }

  /** ms */
  private get length(): number {
    return this.upstream.timeout + AFTER_ANSWER;
  }
}
