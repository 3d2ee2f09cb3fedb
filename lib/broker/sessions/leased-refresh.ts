import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError, type OidcAuthErrorCode } from '../../errors/oidc-auth-error.js';
import { randomValue } from '../../sealing/random-value.js';
import type { TokenResponse } from '../../login/token-response.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import type { ProviderTokens } from '../../provider/provider-answers.js';
import { AccessTokens } from '../issuing/access-tokens.js';
import { BrokerEvents, type SessionEnd } from '../broker-events.js';
import { sessionResponse } from '../issuing/broker-token-response.js';
import { rotationsWith } from './generation.js';
import type { Identity } from './identity.js';
import { Leases, type Lease } from './lease.js';
import { RefreshedIdentities } from './refreshed-identity.js';
import { sessionEnded } from './session-errors.js';
import { recordExpiry, refreshExpiry, upstreamExpiry } from './session-lifetime.js';
import { SessionRecords, type SessionChange } from './session-records.js';
import { OVERTAKEN, SessionSaver } from './session-saver.js';
import { tombstoneOf, type Session, type StoredSession } from './session.js';
import { ShutdownSignal } from '../shutdown-signal.js';
import { StoreClock } from '../records/store-clock.js';
import { UpstreamRefresh, type UpstreamAnswer } from './upstream-refresh.js';

/** Somebody else got further meanwhile: look again. */
export const AGAIN = Symbol('again');

/** A refresh that came to its end: the answer, and what is stored then. */
export interface Refreshed {
  readonly response: TokenResponse;
  readonly session: StoredSession;
}

/** A refresh under way. */
interface Attempt extends Lease {
  /** The generation that was presented. */
  readonly generation: number;
  /** The provider's token when the lease was taken. */
  readonly up: NonNullable<Session['up']>;
}

/**
 * One refresh at the provider, under a lease that keeps all other processes from asking it at the same time. The order
 * of its steps is what makes it safe: see "Sessions and refresh" in ARCHITECTURE.md.
 */
@Injectable()
export class LeasedRefresh {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(Leases) private readonly leases: Leases,
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(SessionSaver) private readonly saver: SessionSaver,
    @Inject(UpstreamRefresh) private readonly upstream: UpstreamRefresh,
    @Inject(RefreshedIdentities) private readonly identities: RefreshedIdentities,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(ShutdownSignal) private readonly shutdown: ShutdownSignal,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  /** @param generation of the refresh token that was presented */
  run(session: StoredSession, generation: number): Promise<Refreshed | typeof AGAIN> {
    return this.shutdown.finish(() => this.underLease(session, generation));
  }

  /** Taking the lease also proves the store writable before the provider is asked. */
  private async underLease(session: StoredSession, generation: number): Promise<Refreshed | typeof AGAIN> {
    const up = session.value.up!;
    // Not in the time of the lease.
    await this.upstream.ready();
    const lease = await this.leases.take(session);
    if (lease === undefined) return AGAIN;
    // Whoever was held up for so long that somebody else may soon take over had better not ask.
    const outcome = this.leases.isLate(lease)
      ? AGAIN
      : await this.settle({ ...lease, generation, up }, await this.upstream.ask(up.token));
    // Whoever is overtaken leaves no lease behind.
    if (outcome === AGAIN) await this.leases.release(lease);
    return outcome;
  }

  private settle(attempt: Attempt, answer: UpstreamAnswer): Promise<Refreshed | typeof AGAIN> {
    switch (answer.kind) {
      case 'tokens':
        return this.keep(attempt, answer.tokens);
      case 'refused':
        return this.acceptEnd(attempt, answer.isInDoubt);
      case 'failed':
        return this.fail(attempt, answer.error, answer.isInDoubt ? attempt.up.id : null);
    }
  }

  /** Nothing is waited for between the provider's answer and the write of its new refresh token. */
  private async keep(attempt: Attempt, tokens: ProviderTokens): Promise<Refreshed | typeof AGAIN> {
    const { session, up } = attempt;
    const now = this.clock.now();
    const token = tokens.refresh_token ?? up.token;
    const isRotated = token !== up.token;
    const expiresAt = upstreamExpiry(tokens, now);
    const newUp = isRotated ? { id: randomValue(), token, expiresAt } : { ...up, expiresAt: expiresAt ?? up.expiresAt };
    const mine = new Set([up.id, newUp.id]);
    try {
      const kept = isRotated
        ? await this.saver.save(session, {
            tokens: mine,
            isCommit: false,
            change: (current) => ({ up: newUp, doubt: null, expiresAt: this.expiry({ ...current, up: newUp }, now) }),
          })
        : session;
      if (kept === OVERTAKEN) return AGAIN;
      this.events.emit({ type: 'upstream_refreshed', sid: session.id, rotated: isRotated });
      // Whoever had the lease before has come to its end after all: what it answered is the successor.
      if (kept.value.n > session.value.n) return AGAIN;
      const identity = await this.renewIdentity({ ...attempt, session: kept }, tokens, mine);
      return await this.commit({ ...attempt, session: kept }, tokens, { identity, up: newUp, tokens: mine });
    } catch (error) {
      // Somebody ended the session meanwhile: what the provider gave for it is of no use.
      if (isEnd(error)) await this.upstream.revoke(token);
      throw error;
    }
  }

  private async renewIdentity(attempt: Attempt, tokens: ProviderTokens, mine: ReadonlySet<string>): Promise<Identity> {
    try {
      return await this.identities.renew(attempt, tokens);
    } catch (error) {
      if (!isOfAnotherUser(error)) return this.fail(attempt, error, null);
      const ended = await this.saver.save(attempt.session, {
        tokens: mine,
        isCommit: true,
        change: () => this.tombstone('subject_changed'),
      });
      if (ended !== OVERTAKEN) {
        this.events.emit({ type: 'ended', sid: attempt.session.id, reason: 'subject_changed' });
      }
      throw error;
    }
  }

  private async commit(
    attempt: Attempt,
    tokens: ProviderTokens,
    { identity, up, tokens: mine }: { identity: Identity; up: Attempt['up']; tokens: ReadonlySet<string> },
  ): Promise<Refreshed | typeof AGAIN> {
    const { session, generation } = attempt;
    const { id: sid, value } = session;
    const scope = tokens.scope ?? value.scope;
    const minted = await this.accessTokens
      .mint({ identity, scope, sid, notAfter: value.hardExpiry, reason: 'refresh' })
      .catch((error: unknown) => this.fail(attempt, error, null));
    const now = this.clock.now();
    const committed = await this.saver.save(session, {
      tokens: mine,
      isCommit: true,
      change: (current) => ({
        n: Math.max(current.n, generation) + 1,
        rotations: rotationsWith(current, now, this.options.broker!.refreshGracePeriod),
        refreshedAt: now,
        refreshExpiry: refreshExpiry(this.options, { ...current, up }, now),
        expiresAt: this.expiry({ ...current, up }, now),
        identity,
        idToken: tokens.id_token ?? current.idToken,
        scope,
        up: current.up?.id === up.id ? up : current.up,
        // One that was taken over is not ours to free.
        ...(current.lease?.by === attempt.by ? { lease: null, last: null, doubt: null } : {}),
      }),
    });
    if (committed === OVERTAKEN) return AGAIN;
    this.events.emit({ type: 'refreshed', sid, generation: committed.value.n });
    return { response: sessionResponse(minted, committed, now), session: committed };
  }

  /** The provider says that its token is not valid: it is right, unless somebody else has a newer one. */
  private async acceptEnd({ session, by, up }: Attempt, isInDoubt: boolean): Promise<typeof AGAIN> {
    const sid = session.id;
    for (;;) {
      const current = await this.records.find(sid);
      if (current === undefined) throw sessionEnded();
      const { value } = current;
      if (value.up?.id !== up.id || value.n > session.value.n || value.lease?.by !== by) return AGAIN;
      const reason = isInDoubt || value.doubt === up.id ? 'upstream_lost' : 'upstream_ended';
      if ((await this.records.swap(current, this.tombstone(reason))) === undefined) continue;
      if (reason === 'upstream_lost') this.events.emit({ type: reason, sid });
      this.events.emit({ type: 'ended', sid, reason });
      throw sessionEnded();
    }
  }

  /** Frees the lease, and leaves word of what happened for those who wait. */
  private async fail(attempt: Attempt, error: unknown, doubt: string | null): Promise<never> {
    const { code, message } =
      error instanceof OidcAuthError ? error : { code: 'provider_invalid_response' as const, message: 'Unexpected.' };
    if (isOfProvider(code)) this.events.emit({ type: 'upstream_failed', sid: attempt.session.id, error: code });
    await this.leases.release(attempt, {
      last: { by: attempt.by, error: code, message },
      ...(doubt === null ? {} : { doubt }),
    });
    throw error;
  }

  private tombstone(ended: SessionEnd): SessionChange {
    return tombstoneOf(ended, this.clock.now());
  }

  private expiry(session: Pick<Session, 'hardExpiry' | 'up'>, now: number): number {
    return recordExpiry(this.options, refreshExpiry(this.options, session, now), now);
  }
}

/** Claims that are not met, or a store that is gone, are no failure of the provider. */
function isOfProvider(code: OidcAuthErrorCode): boolean {
  return code.startsWith('provider_') || code.startsWith('id_token_');
}

function isOfAnotherUser(error: unknown): boolean {
  return error instanceof OidcAuthError && error.code === 'subject_changed';
}

function isEnd(error: unknown): boolean {
  return error instanceof OidcAuthError && (error.code === 'session_ended' || error.code === 'subject_changed');
}
