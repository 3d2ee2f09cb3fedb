import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { OidcAuthError, type OidcAuthErrorCode } from '../../errors/oidc-auth-error.js';
import { randomValue } from '../../sealing/random-value.js';
import type { TokenResponse } from '../../login/token-response.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import type { ProviderTokens } from '../../provider/provider-answers.js';
import { providerUnreachable } from '../../provider/outgoing-fetch.js';
import { IdTokenVerifier } from '../../verification/id-token-verifier.js';
import { AccessTokens } from '../issuing/access-tokens.js';
import { BrokerEvents, type SessionEnd } from '../broker-events.js';
import { sessionResponse } from '../issuing/broker-token-response.js';
import { rotationsWith } from './generation.js';
import { anotherUser, Identities, type Identity } from './identity.js';
import { sessionEnded } from './session-errors.js';
import { recordExpiry, refreshExpiry, upstreamExpiry } from './session-lifetime.js';
import { SessionRecords, type SessionChange } from './session-records.js';
import { OVERTAKEN, SessionSaver } from './session-saver.js';
import { tombstoneOf, type Session, type StoredSession } from './session.js';
import { ShutdownSignal } from '../shutdown-signal.js';
import { StoreClock } from '../records/store-clock.js';
import { UpstreamRefresh, type UpstreamAnswer } from './upstream-refresh.js';

/** ms for which a lease outlasts the request it is taken for: what is written and asked afterwards. */
const AFTER_ANSWER = 5_000;
/** ms before the end of a lease, for what is still to be written then. */
const BEFORE_END = 1_000;

/** Somebody else got further meanwhile: look again. */
export const AGAIN = Symbol('again');

/** A refresh that came to its end: the answer, and what is stored then. */
export interface Refreshed {
  readonly response: TokenResponse;
  readonly session: StoredSession;
}

/** A refresh under way: what was stored when the lease was taken, and who holds it. */
interface Attempt {
  readonly session: StoredSession;
  readonly by: string;
  /** The generation that was presented. */
  readonly generation: number;
  readonly up: NonNullable<Session['up']>;
  /** ms, monotonic: before the lease was written. */
  readonly takenAt: number;
}

/**
 * One refresh at the provider, under a lease that keeps all other processes from asking it at the same time. The order of
 * its steps is what makes it safe: see "Sessions and refresh" in ARCHITECTURE.md.
 */
@Injectable()
export class LeasedRefresh {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(SessionSaver) private readonly saver: SessionSaver,
    @Inject(UpstreamRefresh) private readonly upstream: UpstreamRefresh,
    @Inject(IdTokenVerifier) private readonly idTokens: IdTokenVerifier,
    @Inject(Identities) private readonly identities: Identities,
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
    const { lease, doubt } = session.value;
    const up = session.value.up!;
    // Not in the time of the lease.
    await this.upstream.ready();
    const by = randomValue();
    const takenAt = performance.now();
    const leased = await this.records.swap(session, {
      lease: { by, forMs: this.upstream.timeout + AFTER_ANSWER },
      last: null,
      // Whoever held it may have asked and not lived to hear the answer.
      doubt: lease === null ? doubt : up.id,
    });
    if (leased === undefined) return AGAIN;
    const attempt = { session: leased, by, generation, up, takenAt };
    // A process that was held up for so long that somebody else may soon take the lease over had better not ask.
    const isLate = performance.now() - takenAt > AFTER_ANSWER;
    const outcome = isLate ? AGAIN : await this.settle(attempt, await this.upstream.ask(up.token));
    // Whoever is overtaken leaves no lease behind.
    if (outcome === AGAIN) await this.release(attempt);
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
      return await this.withinLease(attempt, this.identityIn(attempt, tokens));
    } catch (error) {
      if (isOfAnotherUser(error)) {
        const ended = await this.saver.save(attempt.session, {
          tokens: mine,
          isCommit: true,
          change: () => this.tombstone('subject_changed'),
        });
        if (ended !== OVERTAKEN) {
          this.events.emit({ type: 'ended', sid: attempt.session.id, reason: 'subject_changed' });
        }
        throw error.code === 'subject_changed' ? error : anotherUser();
      }
      return this.fail(attempt, error, null);
    }
  }

  private async identityIn({ session }: Attempt, tokens: ProviderTokens): Promise<Identity> {
    const idToken = tokens.id_token === undefined ? undefined : await this.idTokens.verify(tokens.id_token, {});
    const { identity, idToken: earlier } = session.value;
    return this.identities.renew(identity, idToken, decodeJwt(earlier), tokens.access_token);
  }

  /** Gives up while there is still time to say so before somebody takes the lease over. */
  private async withinLease<T>({ takenAt }: Attempt, work: Promise<T>): Promise<T> {
    const left = takenAt + this.upstream.timeout + AFTER_ANSWER - BEFORE_END - performance.now();
    let timer: NodeJS.Timeout | undefined;
    const end = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(identityTooLate()), left);
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      clearTimeout(timer);
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
    await this.release(attempt, {
      last: { by: attempt.by, error: code, message },
      ...(doubt === null ? {} : { doubt }),
    });
    throw error;
  }

  /** Only while it is ours. A store that fails now lets it run out by itself. */
  private async release({ session, by }: Attempt, change: SessionChange = {}): Promise<void> {
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

function identityTooLate(): OidcAuthError {
  return providerUnreachable({
    operatorHint:
      'The identity provider refreshed its tokens, but did not tell in time whose they are (keys, userinfo).',
  });
}

/** By `sub`, or by `iss`: an ID token that is genuine but for its issuer is of another one. */
function isOfAnotherUser(error: unknown): error is OidcAuthError {
  if (!(error instanceof OidcAuthError)) return false;
  const cause = error.cause as { code?: unknown } | undefined;
  return error.code === 'subject_changed' || cause?.code === 'token_issuer_unknown';
}

function isEnd(error: unknown): boolean {
  return error instanceof OidcAuthError && (error.code === 'session_ended' || error.code === 'subject_changed');
}
