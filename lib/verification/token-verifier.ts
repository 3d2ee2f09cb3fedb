import { Injectable } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog, quoted } from '../errors/operator-log.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { AcceptedIssuer, NamedIssuer } from './accepted-issuer.js';
import { assertAlgorithm, assertReadable, parseAccessToken, readAccessTokenHeader } from './access-token-rules.js';
import type { IdTokenClaims } from './claims.js';
import type { CompactJws } from './compact-jws.js';
import { Turn } from './turn.js';
import { verifyJwt, type VerifiedJwt } from './verify-jwt.js';
import type { VerificationKey } from './verification-key.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

const REQUIRED = ['exp', 'sub'];

/** One for the process: it is its event loop. */
const turn = new Turn();

/** Verifies access tokens: for guards, and for whatever else of the application receives one. */
@Injectable()
export class TokenVerifier {
  private readonly log = new OperatorLog();
  private readonly verified: VerifiedTokenCache;
  private readonly trusted: ReadonlyMap<unknown, NamedIssuer>;

  /** @internal Nest makes it. */
  constructor(
    private readonly options: Pick<ResolvedOptions, 'clockTolerance'>,
    private readonly issuer: AcceptedIssuer,
    private readonly clock: Clock,
    trusted: readonly NamedIssuer[] = [],
  ) {
    this.verified = new VerifiedTokenCache(clock);
    this.trusted = new Map(trusted.map((peer) => [peer.issuer, peer]));
  }

  /**
   * The claims of a valid access token, deeply frozen.
   *
   * Checks type, algorithm, signature, issuer, audience and times (RFC 9068 §4).
   *
   * @throws {@link OidcAuthError} with a `token_…` code for each reason a token is refused; `provider_unreachable`,
   *   `provider_invalid_response`, `store_unavailable` or `signing_key_unavailable` where the issuer's keys cannot be had
   */
  async verify(token: string): Promise<IdTokenClaims> {
    await turn.end();
    try {
      assertReadable(token);
      const id = this.verified.idOf(token);
      return this.verified.recall(id) ?? (await this.verifyAnew(token, id));
    } catch (error) {
      this.log.report(error);
      throw error;
    }
  }

  private async verifyAnew(token: string, id: string): Promise<IdTokenClaims> {
    const { payload, key, issuer } = await this.check(token, this.options.clockTolerance);
    const claims = payload as unknown as IdTokenClaims;
    this.verified.remember(id, claims, key, issuer.keys);
    return claims;
  }

  protected async check(token: string, clockTolerance: number): Promise<VerifiedJwt & { issuer: AcceptedIssuer }> {
    // What can be refused without knowing the issuer is refused without asking it.
    const jws = parseAccessToken(token);
    const header = readAccessTokenHeader(jws);
    // Not verified yet, "iss" selects among issuers that are known here, and does nothing else.
    const issuer = this.trusted.get(jws.claims['iss']) ?? this.issuer;
    const { issuer: name, algorithms } = await issuer.metadata();
    assertAlgorithm(header.alg, algorithms);
    const keys = await issuer.keys.find(header, () => this.assertIssuedBy(name, jws));
    const { payload, key } = await this.verifyJwt(jws, header.alg, keys, name, clockTolerance);
    assertSubject(payload);
    return { payload: deepFreeze(issuer.admit(header, deepFreeze(payload))), key, issuer };
  }

  private async verifyJwt(
    jws: CompactJws,
    alg: string,
    keys: readonly VerificationKey[],
    issuer: string,
    clockTolerance: number,
  ): Promise<VerifiedJwt> {
    try {
      const now = this.clock.now();
      return await verifyJwt(jws, keys, { alg, issuer, clockTolerance, now, required: REQUIRED });
    } catch (error) {
      // Says which issuer the token names.
      if (error instanceof OidcAuthError && error.code === 'token_issuer_unknown') this.assertIssuedBy(issuer, jws);
      throw error;
    }
  }

  /** @returns true, so that it can be asked before keys are fetched on account of a token */
  private assertIssuedBy(issuer: string, { claims: { iss: named } }: CompactJws): true {
    if (named === issuer) return true;
    throw new OidcAuthError('token_issuer_unknown', 'The token comes from an issuer that is not trusted here.', {
      operatorHint: `A token was refused: its "iss" is ${quoted(named)}, accepted is ${[issuer, ...this.trusted.keys()].map(quoted).join(', ')}.`,
    });
  }
}

/** Verifies access tokens of the identity provider alone, in either mode. */
export class ProviderTokenVerifier extends TokenVerifier {}

/** Verifies access tokens of this application alone: only those name sessions of ours. */
export class OwnTokenVerifier extends TokenVerifier {
  /**
   * The claims of an access token whose time may be over: whose it was can still be told.
   *
   * @throws {@link OidcAuthError} as {@link verify}, but never `token_expired`
   */
  async verifyEvenIfExpired(token: string): Promise<IdTokenClaims> {
    assertReadable(token);
    const { payload } = await this.check(token, Number.MAX_SAFE_INTEGER);
    return payload as unknown as IdTokenClaims;
  }
}

/** A user is known by issuer and subject, so there must be one. */
function assertSubject({ sub }: VerifiedJwt['payload']): void {
  if (typeof sub === 'string' && sub !== '') return;
  throw new OidcAuthError('token_claims_invalid', 'The token has no valid "sub" claim.');
}

/** Nobody needs more, and whoever walks through claims must not run out of stack. */
const DEEPEST = 50;

function deepFreeze<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (depth > DEEPEST)
    throw new OidcAuthError('token_claims_invalid', 'The claims of the token are nested too deeply.');
  // What JSON.parse makes has no inherited members that this loop could meet.
  for (const name in value) deepFreeze(value[name], depth + 1);
  return Object.freeze(value);
}
