import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { TokenResponse } from '../login/token-response.js';
import { RESOLVED_OPTIONS, type BrokerOptions, type ResolvedOptions } from '../options/resolved-options.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import { LONGEST_ACCESS_TOKEN_TTL } from '../options/option-rules.js';
import { words } from '../options/words.js';
import { AccessTokens } from './issuing/access-tokens.js';
import { accessTokenResponse } from './issuing/broker-token-response.js';
import { OwnIssuer } from './issuing/own-issuer.js';
import { SessionEnding } from './sessions/session-ending.js';
import { SessionRecords } from './sessions/session-records.js';
import { describeSession, type SessionInfo } from './sessions/session-info.js';
import { SigningKeys } from './issuing/signing-keys.js';
import { Reencryption, type ReencryptionReport } from './records/reencryption.js';
import { brokerModeOff } from './records/store-access.js';

/** What a program wants a token for. */
export interface MintRequest {
  readonly sub: string;
  /** Separated by spaces, or an array. */
  readonly scope?: string | readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly preferred_username?: string | undefined;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** Seconds. Default: `accessTokenTtl`. At most a day. */
  readonly expiresIn?: number | undefined;
}

/**
 * Broker mode for programs: tokens, sessions and keys.
 *
 * Every method throws {@link OidcAuthError} `broker_mode_off` in pass-through mode, and `store_unavailable` where the
 * database cannot be reached.
 */
@Injectable()
export class TokenBroker {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
    @Inject(SessionRecords) private readonly records: SessionRecords,
    @Inject(SessionEnding) private readonly ending: SessionEnding,
    @Inject(SigningKeys) private readonly signingKeys: SigningKeys,
    @Inject(OwnIssuer) private readonly ownIssuer: OwnIssuer,
    @Inject(Reencryption) private readonly reencryption: Reencryption,
  ) {}

  /**
   * An access token of this application, without a session or a refresh token: for a job, a test, another service.
   *
   * `mapClaims` applies as it does to everybody's; the option `claims` is no condition here.
   *
   * @throws {@link OidcAuthError} `invalid_request` where `sub` is empty or `expiresIn` out of bounds
   */
  async mint({ sub, scope, roles = [], expiresIn, ...profile }: MintRequest): Promise<TokenResponse> {
    const broker = this.broker();
    if (typeof sub !== 'string' || sub === '') throw invalid('mint needs a sub that is a string and not empty.');
    if (
      expiresIn !== undefined &&
      !(Number.isInteger(expiresIn) && expiresIn > 0 && expiresIn <= LONGEST_ACCESS_TOKEN_TTL)
    ) {
      throw invalid(`expiresIn must be a whole number of seconds from 1 to ${LONGEST_ACCESS_TOKEN_TTL}.`);
    }
    const name = broker.subject === 'username' ? { preferred_username: sub } : {};
    const claims = { sub, ...name, ...profile };
    const granted = words(scope).join(' ') || undefined;
    const minted = await this.accessTokens.mint({
      identity: { sub, claims, roles },
      scope: granted,
      lifetime: expiresIn,
      reason: 'program',
    });
    return accessTokenResponse(minted, granted);
  }

  /**
   * The sessions of a user.
   *
   * @param iss the identity provider's issuer; or this application's own, as in its tokens, unless `subject` is
   *   `'username'`: then `session(sid)` tells the provider's
   */
  async sessions(iss: string, sub: string): Promise<SessionInfo[]> {
    const found: SessionInfo[] = [];
    for await (const session of this.records.ofSubject(await this.providerIssuer(iss), sub)) {
      found.push(describeSession(session));
    }
    return found.toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  }

  /** One session by its id, the `sid` of its access tokens; `undefined` where there is none (any more). */
  async session(sid: string): Promise<SessionInfo | undefined> {
    this.broker();
    const session = await this.records.find(sid);
    return session === undefined ? undefined : describeSession(session);
  }

  /**
   * Ends a session here and at the provider. Its access tokens stay valid until they expire, since guards ask no
   * database; it gets no further ones.
   *
   * @returns whether there was one
   */
  async endSession(sid: string): Promise<boolean> {
    this.broker();
    return (await this.ending.end(sid, 'revoked')) !== undefined;
  }

  /** Ends all sessions of a user. @param iss as for {@link sessions} @returns how many there were */
  async endAll(iss: string, sub: string): Promise<number> {
    return this.ending.endAll(await this.providerIssuer(iss), sub);
  }

  /**
   * Makes the next signing key. It takes over once every verifier can know it, 65 minutes later.
   *
   * @param options `revoke`: at once, for a key that somebody else may have; all tokens signed so far are refused, by this
   *   process immediately, by others within a minute
   */
  async rotateSigningKey(options: { readonly revoke?: boolean } = {}): Promise<{ kid: string; activeFrom: Date }> {
    this.broker();
    const rotated = await this.signingKeys.rotate(options);
    await this.ownIssuer.keys.reload();
    return rotated;
  }

  /** Seals everything again that another key than the first of `encryptionKeys` has sealed. */
  async reencrypt(): Promise<ReencryptionReport> {
    this.broker();
    return this.reencryption.run();
  }

  private async providerIssuer(iss: string): Promise<string> {
    const { issuer, subject } = this.broker();
    if (iss !== issuer) return iss;
    if (subject === 'sub') return (await this.provider.verificationMetadata()).issuer;
    throw invalid(
      "With subject: 'username' sessions are found by the provider's iss and sub: see TokenBroker.session.",
    );
  }

  private broker(): BrokerOptions {
    const { broker } = this.options;
    if (broker === undefined) throw brokerModeOff();
    return broker;
  }
}

function invalid(message: string): OidcAuthError {
  return new OidcAuthError('invalid_request', message);
}
