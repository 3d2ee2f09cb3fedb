import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { Clock } from '../clock/clock.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { IssuerKeys } from './issuer-keys.js';
import { verifySignature } from './verify-signature.js';

/** Reads access tokens that came from the provider itself, whoever they are meant for. */
@Injectable()
export class ProviderAccessTokens {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IssuerKeys) private readonly issuer: IssuerKeys,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * The claims, if the token is a JWT of the provider with a valid signature. One that is opaque, or that only its
   * audience can verify, is no error: its claims are `undefined`.
   *
   * @throws {@link OidcAuthError} `provider_unreachable` and the like, where nobody can tell
   */
  async claimsOf(token: string): Promise<JWTPayload | undefined> {
    const header = headerOf(token);
    if (header === undefined) return undefined;
    const { issuer, algorithms } = await this.issuer.metadata();
    if (!algorithms.includes(header.alg)) return undefined;
    try {
      const keys = await this.issuer.keys.find(header, () => isIssuedBy(issuer, token));
      const { clockTolerance } = this.options;
      const currentDate = new Date(this.clock.now());
      return (await verifySignature(token, keys, { alg: header.alg, issuer, clockTolerance, currentDate })).payload;
    } catch (error) {
      if (error instanceof OidcAuthError && error.code.startsWith('token_')) return undefined;
      throw error;
    }
  }
}

function headerOf(token: string): { alg: string; kid: string | undefined } | undefined {
  try {
    const { alg, kid, crit } = decodeProtectedHeader(token);
    return alg === undefined || crit !== undefined ? undefined : { alg, kid };
  } catch {
    return undefined;
  }
}

function isIssuedBy(issuer: string, token: string): boolean {
  try {
    return decodeJwt(token).iss === issuer;
  } catch {
    return false;
  }
}
