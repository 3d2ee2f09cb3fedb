import { Inject, Injectable } from '@nestjs/common';
import {
  TokenIssuer,
  type CompletedLogin,
  type PublicKey,
  type SessionCredential,
  type TokenExchangeRequest,
} from '../login/token-issuer.js';
import type { TokenResponse } from '../login/token-response.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { OwnTokenVerifier } from '../verification/token-verifier.js';
import { AccessTokens } from './issuing/access-tokens.js';
import { sessionResponse } from './issuing/broker-token-response.js';
import { isGenuine, parseRefreshToken } from './sessions/refresh-token.js';
import { SessionEnding } from './sessions/session-ending.js';
import { refreshTokenInvalid } from './sessions/session-errors.js';
import { SessionRecords } from './sessions/session-records.js';
import { SessionRefresh } from './sessions/session-refresh.js';
import { Sessions } from './sessions/sessions.js';
import { SigningKeys } from './issuing/signing-keys.js';
import { StoreClock } from './records/store-clock.js';
import { TokenExchange } from './token-exchange.js';

/** Broker mode: the client gets tokens of this application; the provider's stay in its session. */
@Injectable()
export class BrokerTokenIssuer extends TokenIssuer {
  constructor(
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(SessionRefresh) private readonly refreshes: SessionRefresh,
    @Inject(SessionEnding) private readonly ending: SessionEnding,
    @Inject(TokenExchange) private readonly exchanges: TokenExchange,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
    @Inject(SigningKeys) private readonly keys: SigningKeys,
    @Inject(OwnTokenVerifier) private readonly verifier: OwnTokenVerifier,
    @Inject(StoreClock) private readonly clock: StoreClock,
  ) {
    super();
  }

  override async issue(login: CompletedLogin): Promise<TokenResponse> {
    const session = await this.sessions.begin(login);
    const { identity, scope, hardExpiry: notAfter } = session.value;
    try {
      const minted = await this.accessTokens.mint({ identity, scope, sid: session.id, notAfter, reason: 'login' });
      return sessionResponse(minted, session, this.clock.now());
    } catch (error) {
      // Nobody would ever hold a token of it.
      await this.ending.end(session.id, 'revoked');
      throw error;
    }
  }

  override refresh(refreshToken: string): Promise<TokenResponse> {
    return this.refreshes.refresh(refreshToken);
  }

  override exchange(request: TokenExchangeRequest): Promise<TokenResponse> {
    return this.exchanges.exchange(request);
  }

  override async endSession(credential: SessionCredential): Promise<{ idTokenHint?: string | undefined }> {
    const sid = await this.sessionOf(credential);
    const ended = sid === undefined ? undefined : await this.ending.end(sid, 'logout');
    return { idTokenHint: ended?.value.idToken };
  }

  override publicKeys(): Promise<readonly PublicKey[]> {
    return this.keys.published();
  }

  override async profileOf(_token: string, { sid }: IdTokenClaims): Promise<Readonly<Record<string, unknown>>> {
    const session = typeof sid === 'string' ? await this.records.find(sid) : undefined;
    return session?.value.identity.claims ?? {};
  }

  /** An expired access token still says whose session is meant. One without a session has none to end. */
  private async sessionOf({ accessToken, refreshToken }: SessionCredential): Promise<string | undefined> {
    if (accessToken !== undefined) {
      const { sid } = await this.verifier.verifyEvenIfExpired(accessToken);
      return typeof sid === 'string' ? sid : undefined;
    }
    const token = refreshToken === undefined ? undefined : parseRefreshToken(refreshToken);
    const session = token === undefined ? undefined : await this.records.find(token.sid);
    if (token === undefined || (session !== undefined && !isGenuine(token, session.value.seed))) {
      throw refreshTokenInvalid();
    }
    return session?.id;
  }
}
