import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { randomValue } from '../../sealing/random-value.js';
import type { SessionEnd } from '../broker-events.js';
import { sessionEnded } from './session-errors.js';
import { SessionRecords, type SessionChange } from './session-records.js';
import type { Session, StoredSession } from './session.js';
import { ShutdownSignal } from '../shutdown-signal.js';

/** ms for which a write that must not be lost is tried again while the store is gone. */
const PATIENCE = 60_000;
/** The same once the application is closing. */
const PATIENCE_WHILE_CLOSING = 10_000;
const FIRST_PAUSE = 50;
/** Shorter than others wait before they take a lease over. */
const LONGEST_PAUSE = 250;

/** Ends that came from the provider refusing a token; all others are somebody's will. */
const REFUSALS: ReadonlySet<SessionEnd | null> = new Set(['upstream_ended', 'upstream_lost']);

/** What a refresh brought from the provider, and is to be kept whatever else is written at the same time. */
export interface Gain {
  /** Ids of the provider's tokens that this refresh presented or has stored. */
  readonly tokens: ReadonlySet<string>;
  /** Whether this is the last write of the refresh, which somebody else may have been quicker with. */
  readonly isCommit: boolean;
  readonly change: (session: Session) => SessionChange;
}

/** Somebody else has got further with the session. */
export const OVERTAKEN = Symbol('overtaken');

/** Writes what must not be lost: the provider's new refresh token exists nowhere else. */
@Injectable()
export class SessionSaver {
  constructor(
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(ShutdownSignal) private readonly shutdown: ShutdownSignal,
  ) {}

  /**
   * @throws {@link OidcAuthError} `session_ended` where somebody ended the session meanwhile: it is never revived;
   *   `store_unavailable` where the store is gone for longer than a minute (10 s while the application closes)
   */
  async save(stored: StoredSession, gain: Gain): Promise<StoredSession | typeof OVERTAKEN> {
    const w = randomValue();
    const since = performance.now();
    let current = stored;
    for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      try {
        const saved = await this.records.attempt(current, gain.change(current.value), w);
        if (saved !== undefined) return saved;
        const next = await this.reconcile(current.id, w, stored.value.n, gain);
        if (next === OVERTAKEN || next.value.w === w) return next;
        current = next;
        continue;
      } catch (error) {
        if (isFinal(error) || performance.now() - since > this.patience()) throw error;
      }
      await pause(wait);
    }
  }

  /** What to write on, where somebody else has written; what is there has our `w` if an earlier attempt succeeded unheard. */
  private async reconcile(sid: string, w: string, n: number, gain: Gain): Promise<StoredSession | typeof OVERTAKEN> {
    const found = await this.records.findAny(sid);
    if (found === undefined) throw sessionEnded();
    const { value } = found;
    if (value.w === w) return found;
    const isOfMine = value.up !== null && gain.tokens.has(value.up.id);
    if (value.ended !== null) {
      // An answer of the provider is better evidence than its refusal of a token that this answer had replaced.
      if (REFUSALS.has(value.ended) && isOfMine) return { ...found, value: { ...value, ended: null } };
      throw sessionEnded();
    }
    if (gain.isCommit && value.n > n) return OVERTAKEN;
    return isOfMine ? found : OVERTAKEN;
  }

  private patience(): number {
    return this.shutdown.isClosing ? PATIENCE_WHILE_CLOSING : PATIENCE;
  }
}

function isFinal(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'session_ended';
}
