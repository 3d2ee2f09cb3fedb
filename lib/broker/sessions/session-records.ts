import { Inject, Injectable } from '@nestjs/common';
import { randomValue } from '../../sealing/random-value.js';
import { KeyRing } from '../../sealing/key-ring.js';
import { BrokerEvents } from '../broker-events.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { ownerOf, SealedRecords, UNREADABLE } from '../records/sealed-records.js';
import { providerSessionIndex, subjectIndex, type Session, type StoredSession } from './session.js';
import { StoreAccess } from '../records/store-access.js';

/** What a write changes of a session; `expiresAt` only where it changes. */
export type SessionChange = Partial<Omit<Session, 'w'>> & { readonly expiresAt?: number };

/** Reads and writes sessions, and finds out what became of a write that nobody acknowledged. */
@Injectable()
export class SessionRecords {
  private readonly records: SealedRecords<Session>;

  constructor(
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(StoreAccess) access: StoreAccess,
    @Inject(KeyRing) keyRing: KeyRing,
    @Inject(BrokerEvents) events: BrokerEvents,
  ) {
    this.records = new SealedRecords('grant', ownerOf(options), access, keyRing, events);
  }

  /** The session, unless there is none, it has ended or it cannot be read. */
  async find(sid: string): Promise<StoredSession | undefined> {
    const found = await this.findAny(sid);
    return found?.value.ended === null ? found : undefined;
  }

  /** The same with those that have just ended. */
  async findAny(sid: string): Promise<StoredSession | undefined> {
    const found = await this.records.find(sid);
    return found === UNREADABLE ? undefined : found;
  }

  /** An unacknowledged write is looked for. @throws {@link OidcAuthError} `store_unavailable` */
  async insert(sid: string, session: Session, expiresAt: number): Promise<void> {
    const clear = {
      expiresAt,
      subject: subjectIndex(session.identity.iss, session.identity.sub),
      sid: providerSessionIndex(session.identity.iss, session.identity.sid),
    };
    try {
      await this.records.insert(sid, session, clear);
    } catch (error) {
      if ((await this.findAny(sid))?.value.w !== session.w) throw error;
    }
  }

  /**
   * Writes the change if nobody else has written since.
   *
   * @param w names the write; the same for each attempt at it, so that one which succeeded unheard is recognised
   * @returns what is stored then; `undefined` where somebody else was quicker
   * @throws {@link OidcAuthError} `store_unavailable` where nothing was written
   */
  async swap(current: StoredSession, change: SessionChange, w = randomValue()): Promise<StoredSession | undefined> {
    try {
      return await this.attempt(current, change, w);
    } catch (error) {
      const found = await this.findAny(current.id);
      if (found?.value.w === w) return found;
      // A store that reads and does not write must not look like somebody quicker.
      if (found === undefined || found.version === current.version) throw error;
      return undefined;
    }
  }

  /** One attempt; a rejection means that nobody knows. */
  attempt(current: StoredSession, change: SessionChange, w: string): Promise<StoredSession | undefined> {
    const { expiresAt = current.expiresAt, ...changed } = change;
    const { subject, sid } = current;
    return this.records.replace(current, { ...current.value, ...changed, w }, { expiresAt, subject, sid });
  }

  /** @returns whether it was ours to remove */
  remove(sid: string): Promise<boolean> {
    return this.records.remove(sid);
  }

  /** The sessions of a user at the provider. */
  async *ofSubject(iss: string, sub: string): AsyncGenerator<StoredSession> {
    for await (const found of this.records.all({ subject: subjectIndex(iss, sub) })) {
      // The index is for anybody to write; what is sealed is not.
      if (found.value === UNREADABLE || found.value.ended !== null) continue;
      if (found.value.identity.iss === iss && found.value.identity.sub === sub) yield found as StoredSession;
    }
  }
}
