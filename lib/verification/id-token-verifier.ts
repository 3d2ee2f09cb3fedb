import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { Clock } from '../clock/clock.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { idTokenInvalid } from '../provider/provider-error.js';
import { parseCompactJws } from './compact-jws.js';
import { ProviderIssuer } from './provider-issuer.js';
import { verifyJwt } from './verify-jwt.js';

/** What the login knows about the ID token it expects. */
export interface IdTokenExpectations {
  /** Any of these must be `nonce`; without it the claim is not looked at (device flow, refresh). */
  readonly nonce?: readonly string[] | undefined;
  /** Seconds since the epoch before which the user must not have authenticated last (`max_age`, Core §3.1.2.1). */
  readonly authenticatedSince?: number | undefined;
}

/** Where there must be one (Core §3.1.3.3). */
export function idTokenMissing(): OidcAuthError {
  return new OidcAuthError('id_token_invalid', 'The identity provider sent no ID token.', {
    operatorHint: 'The identity provider answered without an ID token: allow the scope openid for this client.',
  });
}

/** Verifies ID tokens (OpenID Connect Core §3.1.3.7), their signature included, whatever channel they came by. */
@Injectable()
export class IdTokenVerifier {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(ProviderIssuer) private readonly issuer: ProviderIssuer,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * @throws {@link OidcAuthError} `id_token_invalid` where the provider issued something that is no valid ID token,
   *   `id_token_mismatch` where it is valid but belongs to another login
   */
  async verify(idToken: string, expected: IdTokenExpectations): Promise<JWTPayload> {
    const claims = await this.verifyJwt(idToken);
    this.assertAuthorizedParty(claims);
    if (expected.nonce !== undefined && !expected.nonce.includes(String(claims['nonce']))) {
      throw new OidcAuthError('id_token_mismatch', 'The ID token belongs to another login (its nonce differs).');
    }
    if (expected.authenticatedSince !== undefined) this.assertRecentLogin(claims, expected.authenticatedSince);
    return claims;
  }

  private async verifyJwt(idToken: string): Promise<JWTPayload> {
    const { clientId: audience, clockTolerance } = this.options;
    const { issuer, algorithms } = await this.issuer.metadata();
    try {
      const jws = parseCompactJws(idToken);
      const { alg, kid, crit } = jws.header;
      if (typeof alg !== 'string' || !algorithms.includes(alg)) throw new Error('its algorithm is not accepted');
      if (crit !== undefined) throw new Error('it has critical header parameters');
      const keys = await this.issuer.keys.findForIssued({ alg, kid: typeof kid === 'string' ? kid : undefined });
      const { payload } = await verifyJwt(jws, keys, {
        alg,
        issuer,
        audience,
        clockTolerance,
        now: this.clock.now(),
        required: ['sub', 'exp', 'iat'],
      });
      if (payload.iat! > this.clock.now() / 1_000 + clockTolerance)
        throw new Error('it was issued in the future ("iat")');
      return payload;
    } catch (cause) {
      if (cause instanceof OidcAuthError && cause.code.startsWith('provider_')) throw cause;
      throw idTokenInvalid(cause);
    }
  }

  /** Core §3.1.3.7, steps 4 and 5: with several audiences the token must say who it was issued to. */
  private assertAuthorizedParty(claims: JWTPayload): void {
    const several = Array.isArray(claims.aud) && claims.aud.length > 1;
    const azp = claims['azp'];
    if (azp === this.options.clientId || (azp === undefined && !several)) return;
    throw new OidcAuthError('id_token_invalid', 'The identity provider issued an ID token for another client ("azp").');
  }

  private assertRecentLogin(claims: JWTPayload, since: number): void {
    const authTime = claims['auth_time'];
    if (typeof authTime === 'number' && authTime >= since - this.options.clockTolerance) return;
    throw new OidcAuthError('id_token_mismatch', 'The login is older than max_age allows: sign in again.');
  }
}
