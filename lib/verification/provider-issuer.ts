import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { quoted } from '../errors/operator-log.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import type { VerificationMetadata } from '../provider/provider-answers.js';
import type { AcceptedIssuer } from './accepted-issuer.js';
import { assertAccessToken, audienceMismatch, isMeantForUs, type AccessTokenHeader } from './access-token-rules.js';
import { RemoteKeySet } from './remote-key-set.js';

/** The identity provider as an issuer of tokens. */
@Injectable()
export class ProviderIssuer implements AcceptedIssuer {
  readonly keys: RemoteKeySet;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
  ) {
    this.keys = new RemoteKeySet(() => provider.fetchKeys());
  }

  metadata(): Promise<VerificationMetadata> {
    return this.provider.verificationMetadata();
  }

  async warmUp(): Promise<void> {
    await this.metadata();
    await this.keys.warmUp();
  }

  admit(header: AccessTokenHeader, claims: JWTPayload): JWTPayload {
    const { audience, clientId } = this.options;
    assertAccessToken(header, claims, clientId);
    if (isMeantForUs(claims, audience, clientId)) return claims;
    const accepted =
      audience.length > 0
        ? `but the option audience accepts only ${quoted(audience)}`
        : `but without the option audience ${quoted(clientId)} must be in "aud", "azp" or "client_id"`;
    throw audienceMismatch(`its "aud" is ${quoted(claims.aud)}, ${accepted}.`);
  }
}
