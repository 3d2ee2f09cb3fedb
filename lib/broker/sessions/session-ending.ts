import { Inject, Injectable } from '@nestjs/common';
import { BrokerEvents, type SessionEnd } from '../broker-events.js';
import { SessionRecords } from './session-records.js';
import { tombstoneOf, type StoredSession } from './session.js';
import { StoreClock } from '../records/store-clock.js';
import { UpstreamRefresh } from './upstream-refresh.js';

/** Ends sessions: here first, so that a refresh under way finds nothing to write to, then at the provider. */
@Injectable()
export class SessionEnding {
  constructor(
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(UpstreamRefresh) private readonly upstream: UpstreamRefresh,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  /**
   * Marked first, so that what is revoked is the latest token of the provider; then removed.
   *
   * @returns what the session was, for the one caller who ended it; `undefined` where there was none (any more)
   */
  async end(sid: string, reason: SessionEnd): Promise<StoredSession | undefined> {
    for (;;) {
      const session = await this.records.find(sid);
      if (session === undefined) return undefined;
      if ((await this.records.swap(session, tombstoneOf(reason, this.clock.now()))) === undefined) continue;
      // It has ended either way, and would be purged.
      await this.records.remove(sid).catch(() => undefined);
      this.events.emit({ type: 'ended', sid, reason });
      await this.upstream.revoke(session.value.up?.token);
      return session;
    }
  }

  /** All sessions of a user. @returns how many there were */
  async endAll(iss: string, sub: string): Promise<number> {
    let ended = 0;
    for await (const { id } of this.records.ofSubject(iss, sub)) {
      if ((await this.end(id, 'revoked')) !== undefined) ended++;
    }
    return ended;
  }
}
