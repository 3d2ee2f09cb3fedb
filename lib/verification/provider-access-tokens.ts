import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { Clock } from '../clock/clock.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { parseCompactJws, type CompactJws } from './compact-jws.js';
import { ProviderIssuer } from './provider-issuer.js';
import { verifyJwt } from './verify-jwt.js';

/** Reads access tokens that came from the provider itself, whoever they are meant for. */
@Injectable()
export class ProviderAccessTokens {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(ProviderIssuer) private readonly issuer: ProviderIssuer,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * The claims, if the token is a JWT of the provider with a valid signature. One that is opaque, or that only its
   * audience can verify, is no error: its claims are `undefined`.
   *
   * @throws {@link OidcAuthError} `provider_unreachable` and the like, where nobody can tell
   */
  async claimsOf(token: string): Promise<JWTPayload | undefined> {
    const jws = parsed(token);
    if (jws === undefined) return undefined;
    const { alg, kid, crit } = jws.header;
    const { issuer, algorithms } = await this.issuer.metadata();
    if (typeof alg !== 'string' || !algorithms.includes(alg) || crit !== undefined) return undefined;
    try {
      const selector = { alg, kid: typeof kid === 'string' ? kid : undefined };
      const keys = await this.issuer.keys.find(selector, () => jws.claims['iss'] === issuer);
      const { clockTolerance } = this.options;
      return (await verifyJwt(jws, keys, { alg, issuer, clockTolerance, now: this.clock.now() })).payload;
    } catch (error) {
      if (error instanceof OidcAuthError && error.code.startsWith('token_')) return undefined;
      throw error;
    }
  }
}

function parsed(token: string): CompactJws | undefined {
  try {
    return parseCompactJws(token);
  } catch {
    return undefined;
  }
}
