import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt, type JWTPayload } from 'jose';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog, quoted } from '../errors/operator-log.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import {
  assertAccessToken,
  assertAlgorithm,
  isMeantForUs,
  LONGEST_TOKEN,
  readAccessTokenHeader,
} from './access-token-rules.js';
import type { IdTokenClaims } from './claims.js';
import { IssuerKeys } from './issuer-keys.js';
import type { VerificationKey } from './verification-key.js';
import { verifySignature } from './verify-signature.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

/** Verifies access tokens: for guards, and for whatever else of the application receives one. */
@Injectable()
export class TokenVerifier {
  private readonly log = new OperatorLog();
  private readonly verified = new VerifiedTokenCache();

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IssuerKeys) private readonly issuer: IssuerKeys,
  ) {}

  /**
   * The claims of a valid access token, deeply frozen.
   *
   * Checks type, algorithm, signature, issuer, audience and times (RFC 9068 §4).
   *
   * @throws {@link OidcAuthError} with a `token_…` code for each reason a token is refused; `provider_unreachable` or
   *   `provider_invalid_response` where the issuer's keys cannot be had
   */
  async verify(token: string): Promise<IdTokenClaims> {
    const known = this.recall(token);
    if (known !== undefined) return known;
    try {
      return await this.verifyAnew(token);
    } catch (error) {
      this.log.report(error);
      throw error;
    }
  }

  /** The claims of a token that was verified before and still is valid, without waiting; otherwise `undefined`. */
  recall(token: string): IdTokenClaims | undefined {
    const claims = token.length > LONGEST_TOKEN ? undefined : this.verified.recall(token);
    // A withdrawn key must be noticed even where every token is known.
    return claims !== undefined && this.issuer.keys.mayServe() ? claims : undefined;
  }

  private async verifyAnew(token: string): Promise<IdTokenClaims> {
    // What can be refused without knowing the issuer is refused without asking it.
    const header = readAccessTokenHeader(token);
    const id = this.verified.idOf(token);
    const { issuer, algorithms } = await this.issuer.metadata();
    assertAlgorithm(header.alg, algorithms);
    const keys = await this.issuer.keys.find(header, () => this.assertIssuedBy(issuer, token));
    const { payload, key } = await this.verifySignature(token, header.alg, keys, issuer);
    assertSubject(payload);
    assertAccessToken(header, payload, this.options.clientId);
    this.assertAudience(payload);
    const claims = deepFreeze(payload) as unknown as IdTokenClaims;
    this.verified.remember(id, claims, key);
    return claims;
  }

  private async verifySignature(
    token: string,
    alg: string,
    keys: readonly VerificationKey[],
    issuer: string,
  ): Promise<{ payload: JWTPayload; key: VerificationKey }> {
    try {
      const { clockTolerance } = this.options;
      return await verifySignature(token, keys, { alg, issuer, clockTolerance, requiredClaims: ['exp', 'sub'] });
    } catch (error) {
      // Says which issuer the token names.
      if (error instanceof OidcAuthError && error.code === 'token_issuer_unknown') this.assertIssuedBy(issuer, token);
      throw error;
    }
  }

  /** @returns true, so that it can be asked before keys are fetched on account of a token */
  private assertIssuedBy(issuer: string, token: string): true {
    const named = unverifiedIssuer(token);
    if (named === issuer) return true;
    throw new OidcAuthError('token_issuer_unknown', 'The token comes from an issuer that is not trusted here.', {
      operatorHint: `A token was refused: its "iss" is ${quoted(named)}, accepted is ${quoted(issuer)}.`,
    });
  }

  private assertAudience(claims: JWTPayload): void {
    const { audience, clientId } = this.options;
    if (isMeantForUs(claims, audience, clientId)) return;
    const accepted =
      audience.length > 0
        ? `but the option audience accepts only ${quoted(audience)}`
        : `but without the option audience ${quoted(clientId)} must be in "aud", "azp" or "client_id"`;
    throw new OidcAuthError('token_audience_mismatch', 'The token is meant for another application ("aud").', {
      operatorHint: `A token was refused: its "aud" is ${quoted(claims.aud)}, ${accepted}.`,
    });
  }
}

/** A user is known by issuer and subject, so there must be one. */
function assertSubject({ sub }: JWTPayload): void {
  if (typeof sub === 'string' && sub !== '') return;
  throw new OidcAuthError('token_claims_invalid', 'The token has no valid "sub" claim.');
}

function unverifiedIssuer(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch (cause) {
    throw new OidcAuthError('token_malformed', 'The token is not a well-formed JWT.', { cause });
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    // What JSON.parse makes has no inherited members that this loop could meet.
    for (const name in value) deepFreeze(value[name]);
    Object.freeze(value);
  }
  return value;
}
