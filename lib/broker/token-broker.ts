import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { TokenResponse } from '../login/token-response.js';
import { LONGEST_ACCESS_TOKEN_TTL } from '../options/broker-options.js';
import { RESOLVED_OPTIONS, type BrokerOptions, type ResolvedOptions } from '../options/resolved-options.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import { words } from '../options/words.js';
import { AccessTokens } from './issuing/access-tokens.js';
import { accessTokenResponse } from './issuing/broker-token-response.js';
import { OwnIssuer } from './issuing/own-issuer.js';
import { SessionEnding } from './sessions/session-ending.js';
import { SessionRecords } from './sessions/session-records.js';
import { describeSession, type SessionInfo } from './sessions/session-info.js';
import { SigningKeyRotation } from './issuing/signing-key-rotation.js';
import { Reencryption, type ReencryptionReport } from './records/reencryption.js';
import { brokerModeOff } from './records/store-access.js';

/** What a program wants a token for. */
export interface MintRequest {
  /** Whom the token is of; not empty. With `subject: 'username'` a name, unless `preferred_username` is another one. */
  readonly sub: string;
  /** Separated by spaces, or an array. Default none. */
  readonly scope?: string | readonly string[] | undefined;
  /** Claim `roles`. Default none. */
  readonly roles?: readonly string[] | undefined;
  /** OpenID Connect Core §5.1, as the next two. Default: `sub` with `subject: 'username'`, else none. */
  readonly preferred_username?: string | undefined;
  /** Default none. */
  readonly email?: string | undefined;
  /** Default none. */
  readonly name?: string | undefined;
  /** Seconds, 1 to 86,400 (a day), whole. Default: `accessTokenTtl`. */
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
    @Inject(SigningKeyRotation) private readonly rotation: SigningKeyRotation,
    @Inject(OwnIssuer) private readonly ownIssuer: OwnIssuer,
    @Inject(Reencryption) private readonly reencryption: Reencryption,
  ) {}

  /**
   * An access token of this application (RFC 9068), without a session or a refresh token: for a job, a test, another
   * service.
   *
   * `mapClaims` applies as it does to everybody's; the option `claims` is no condition here.
   *
   * @throws {@link OidcAuthError} `invalid_request` where `sub` is empty or `expiresIn` out of bounds;
   *   `map_claims_failed`, `signing_key_unavailable`
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
    const name = broker.subject === 'username' ? sub : undefined;
    const claims = { sub, ...profile, preferred_username: profile.preferred_username ?? name };
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
   * The sessions of a user, the oldest first.
   *
   * @param iss the identity provider's issuer; or this application's own, as in its tokens, unless `subject` is
   *   `'username'`: then `session(sid)` tells the provider's
   * @param sub the user at the identity provider
   * @throws {@link OidcAuthError} `invalid_request` for this application's own issuer where `subject` is `'username'`;
   *   `provider_unreachable`, `provider_invalid_response` for it elsewhere, as the provider's has to be known
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

  /**
   * Ends all sessions of a user, as {@link endSession} does.
   *
   * @param iss as for {@link sessions}
   * @param sub as for {@link sessions}
   * @returns how many there were
   * @throws {@link OidcAuthError} as {@link sessions}
   */
  async endAll(iss: string, sub: string): Promise<number> {
    return this.ending.endAll(await this.providerIssuer(iss), sub);
  }

  /**
   * Makes the next signing key. It takes over once every verifier can know it, 65 minutes later.
   *
   * @param options `revoke`: at once, for a key that somebody else may have; all tokens signed so far are refused, by
   *   this process immediately, by others within a minute. Default `false`
   * @returns the key's id, and when it takes over, by the store's clock
   * @throws {@link OidcAuthError} `signing_key_unavailable` where other processes made keys all the while
   */
  async rotateSigningKey(options: { readonly revoke?: boolean } = {}): Promise<{ kid: string; activeFrom: Date }> {
    this.broker();
    const rotated = await this.rotation.rotate(options);
    await this.ownIssuer.keys.reload();
    return rotated;
  }

  /**
   * Seals everything again that another key than the first of `encryptionKeys` has sealed. Afterwards the others can be
   * taken out of the ring, once every instance has the new one first and the logins under way have ended (600 s).
   */
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
