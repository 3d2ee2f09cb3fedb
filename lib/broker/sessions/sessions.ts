import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CompletedLogin } from '../../login/token-issuer.js';
import { randomValue } from '../../sealing/random-value.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { idTokenMissing } from '../../verification/id-token-verifier.js';
import { BrokerEvents } from '../broker-events.js';
import { Identities } from './identity.js';
import { recordExpiry, refreshExpiry, upstreamExpiry } from './session-lifetime.js';
import { SessionRecords } from './session-records.js';
import { newSessionId, type Session } from './session.js';
import { StoreClock } from '../records/store-clock.js';
import { UpstreamRefresh } from './upstream-refresh.js';

const SECOND = 1_000;

/** Begins sessions. */
@Injectable()
export class Sessions {
  private readonly logger = new Logger('OidcAuth');
  private hasWarned = false;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(Identities) private readonly identities: Identities,
    @Inject(UpstreamRefresh) private readonly upstream: UpstreamRefresh,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
  ) {}

  /**
   * A session for somebody who has just signed in. Where it cannot be kept, the provider's tokens are given back.
   *
   * @throws {@link OidcAuthError} `id_token_invalid`, `claim_not_met`, `subject_changed`, `store_unavailable`
   */
  async begin(login: CompletedLogin): Promise<{ id: string; value: Session }> {
    try {
      await this.clock.ready();
      return await this.beginAs(login);
    } catch (error) {
      await this.upstream.revoke(login.tokens.refresh_token);
      throw error;
    }
  }

  private async beginAs({ tokens, identity: idToken, askedScope }: CompletedLogin) {
    if (idToken === undefined || tokens.id_token === undefined) throw idTokenMissing();
    const identity = await this.identities.establish(idToken, tokens.access_token);
    const now = this.clock.now();
    const up =
      tokens.refresh_token === undefined
        ? null
        : { id: randomValue(), token: tokens.refresh_token, expiresAt: upstreamExpiry(tokens, now) };
    if (up === null) this.warnOnce();
    const { accessTokenTtl, sessionMaxTtl } = this.options.broker!;
    const hardExpiry = now + (up === null ? accessTokenTtl : sessionMaxTtl) * SECOND;
    const session: Session = {
      seed: randomValue(),
      n: 0,
      rotations: [],
      createdAt: now,
      refreshedAt: now,
      refreshExpiry: refreshExpiry(this.options, { hardExpiry, up }, now),
      hardExpiry,
      identity,
      idToken: tokens.id_token,
      scope: tokens.scope ?? askedScope ?? (await this.identities.scopeOf(tokens.access_token)),
      up,
      lease: null,
      last: null,
      doubt: null,
      ended: null,
      w: randomValue(),
    };
    const id = newSessionId();
    await this.records.insert(id, session, recordExpiry(this.options, session.refreshExpiry, now));
    this.events.emit({ type: 'login', sid: id, iss: identity.iss, sub: identity.sub });
    return { id, value: session };
  }

  private warnOnce(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.logger.warn(
      'The identity provider gave no refresh token: sessions end with their access token. Ask for one by ' +
        "offlineAccess: 'always' (or ?offline_access=true at login), and allow it for this client at the provider; Google wants " +
        "authorizationParams: { access_type: 'offline' }.",
    );
  }
}
