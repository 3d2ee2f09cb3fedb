import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError, type OidcAuthErrorCode } from '../../errors/oidc-auth-error.js';
import { BrokerEvents } from '../broker-events.js';
import { LeaseWatch } from './lease-watch.js';
import { refreshBusy, sessionEnded } from './session-errors.js';
import { SessionRecords } from './session-records.js';
import type { Session, StoredSession } from './session.js';
import { ShutdownSignal } from '../shutdown-signal.js';

/** ms between looks; the last for all further ones. */
const PAUSES = [25, 50, 100, 200, 250] as const;

/** Failures after which trying again makes sense. */
const TEMPORARY: ReadonlySet<OidcAuthErrorCode> = new Set([
  'provider_unreachable',
  'store_unavailable',
  'signing_key_unavailable',
]);

/** Waits for a refresh that another process is at. */
@Injectable()
export class LeaseJoin {
  private readonly watch = new LeaseWatch();

  constructor(
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(ShutdownSignal) private readonly shutdown: ShutdownSignal,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  /** Whether somebody is at it who may still be alive. */
  isHeld({ lease }: Session): boolean {
    return lease !== null && !this.watch.hasRunOut(lease);
  }

  /**
   * Settles when there is something new: another generation, a free lease, or one that has run out.
   *
   * @param deadline ms, monotonic
   * @throws {@link OidcAuthError} what the one who was waited for failed with; `session_ended`, `refresh_busy`
   */
  async wait(session: StoredSession, deadline: number): Promise<void> {
    this.events.emit({ type: 'upstream_joined', sid: session.id });
    const waitedFor = session.value.lease!.by;
    for (let look = 0; ; look++) {
      const delay = PAUSES[Math.min(look, PAUSES.length - 1)]!;
      if (performance.now() + delay > deadline) throw refreshBusy();
      await pause(delay);
      this.shutdown.assertOpen();
      const found = await this.records.find(session.id);
      if (found === undefined) throw sessionEnded();
      const { n, lease, last } = found.value;
      if (n !== session.value.n) return;
      if (lease === null && last?.by === waitedFor) throw failureOf(last);
      if (!this.isHeld(found.value)) return;
    }
  }
}

function failureOf({ error, message }: NonNullable<Session['last']>): OidcAuthError {
  return new OidcAuthError(error, message, TEMPORARY.has(error) ? { retryAfter: 5 } : {});
}
