import { Inject, Injectable } from '@nestjs/common';
import type { TokenResponse } from '../../login/token-response.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { AccessTokens } from '../issuing/access-tokens.js';
import { BrokerEvents } from '../broker-events.js';
import { sessionResponse } from '../issuing/broker-token-response.js';
import { judge } from './generation.js';
import { LeaseJoin } from './lease-join.js';
import { AGAIN, LeasedRefresh, type Refreshed } from './leased-refresh.js';
import { isGenuine, parseRefreshToken, type RefreshToken } from './refresh-token.js';
import { refreshBusy, refreshTokenInvalid } from './session-errors.js';
import { SessionEnding } from './session-ending.js';
import { SessionRecords } from './session-records.js';
import type { StoredSession } from './session.js';
import { ShutdownSignal } from '../shutdown-signal.js';
import { SigningKeys } from '../issuing/signing-keys.js';
import { StoreClock } from '../records/store-clock.js';

/** ms a caller waits for another process at most, and tries again at all. */
const PATIENCE = 10_000;

/** A request to refresh. */
interface Presented {
  readonly token: RefreshToken;
  /** ms of the store's clock */
  readonly arrivedAt: number;
  /** ms, monotonic */
  readonly deadline: number;
}

/** Redeems refresh tokens: decides what one is worth, and sees to it that one caller of all refreshes at the provider. */
@Injectable()
export class SessionRefresh {
  /** Turns of this process at sessions, by session. */
  private readonly turns = new Map<string, Promise<Refreshed | undefined>>();

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(LeasedRefresh) private readonly leased: LeasedRefresh,
    @Inject(LeaseJoin) private readonly join: LeaseJoin,
    @Inject(SessionEnding) private readonly ending: SessionEnding,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
    @Inject(SigningKeys) private readonly keys: SigningKeys,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(ShutdownSignal) private readonly shutdown: ShutdownSignal,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  /**
   * @throws {@link OidcAuthError} `refresh_token_invalid`, `session_ended`; `refresh_busy`, `shutting_down`,
   *   `store_unavailable`, `provider_…` where trying again makes sense
   */
  async refresh(refreshToken: string): Promise<TokenResponse> {
    const token = parseRefreshToken(refreshToken);
    if (token === undefined) throw refreshTokenInvalid();
    this.shutdown.assertOpen();
    await this.clock.ready();
    const presented = { token, arrivedAt: this.clock.now(), deadline: performance.now() + PATIENCE };
    for (;;) {
      const session = await this.read(token);
      const redeemed = await this.redeem(session, presented);
      if (redeemed !== undefined) return redeemed;
      if (performance.now() > presented.deadline) throw refreshBusy();
      const refreshed = await this.refreshTogether(session, presented);
      if (refreshed !== undefined) return refreshed;
    }
  }

  /**
   * Whoever holds the current token takes a turn at the session, or joins the one that this process is at: its failure is
   * everybody's, and its session tells a joiner his successor without a further read.
   *
   * @returns `undefined`: look again
   */
  private async refreshTogether(session: StoredSession, presented: Presented): Promise<TokenResponse | undefined> {
    const sid = session.id;
    const others = this.turns.get(sid);
    if (others === undefined) {
      const own = this.turn(session, presented).finally(() => this.turns.delete(sid));
      this.turns.set(sid, own);
      return (await own)?.response;
    }
    const turn = await others;
    if (turn === undefined) return undefined;
    this.events.emit({ type: 'upstream_joined', sid });
    return this.redeem(turn.session, presented);
  }

  private async turn(session: StoredSession, presented: Presented): Promise<Refreshed | undefined> {
    this.assertRefreshable(session);
    await this.keys.signer();
    if (this.join.isHeld(session.value)) {
      await this.join.wait(session, presented.deadline);
      return undefined;
    }
    const refreshed = await this.leased.run(session, presented.token.generation);
    return refreshed === AGAIN ? undefined : refreshed;
  }

  /** Only a genuine token learns anything of its session. */
  private async read(token: RefreshToken): Promise<StoredSession> {
    const session = await this.records.find(token.sid);
    if (session === undefined || !isGenuine(token, session.value.seed)) throw refreshTokenInvalid();
    return session;
  }

  /** The answer to a token that was rotated a moment ago; `undefined` for the current one, which is to be refreshed. */
  private async redeem(session: StoredSession, presented: Presented): Promise<TokenResponse | undefined> {
    const { generation } = presented.token;
    const times = { now: this.clock.now(), arrivedAt: presented.arrivedAt, gracePeriod: this.gracePeriod };
    switch (judge(session.value, generation, times)) {
      case 'current':
        return undefined;
      case 'replay':
        return this.replay(session, generation);
      case 'straggler':
        throw refreshTokenInvalid();
      case 'reuse':
        await this.endForReuse(session.id, generation);
        throw refreshTokenInvalid();
    }
  }

  /** The same successor again, with an access token of its own. Nothing is written. */
  private async replay(session: StoredSession, generation: number): Promise<TokenResponse> {
    this.assertRefreshable(session);
    const { identity, scope, hardExpiry: notAfter } = session.value;
    const minted = await this.accessTokens.mint({ identity, scope, sid: session.id, notAfter, reason: 'replay' });
    this.events.emit({ type: 'replayed', sid: session.id, generation });
    return sessionResponse(minted, session, this.clock.now());
  }

  private assertRefreshable({ value }: StoredSession): void {
    const { up, refreshExpiry, hardExpiry } = value;
    if (up === null || this.clock.now() >= Math.min(refreshExpiry, hardExpiry)) throw refreshTokenInvalid();
  }

  /** RFC 9700 §4.14.2: two parties hold the same refresh token, and nobody can tell which is the user. */
  private async endForReuse(sid: string, generation: number): Promise<void> {
    const ended = await this.ending.end(sid, 'reuse_detected');
    if (ended !== undefined) this.events.emit({ type: 'reuse_detected', sid, generation });
  }

  private get gracePeriod(): number {
    return this.options.broker!.refreshGracePeriod;
  }
}
