import { Inject, Injectable } from '@nestjs/common';
import { IdentityProvider } from '../provider/identity-provider.js';
import type { VerificationMetadata } from '../provider/provider-answers.js';
import { RemoteKeySet } from './remote-key-set.js';

/** The identity provider as an issuer of tokens: its name, its algorithms and its keys. */
@Injectable()
export class IssuerKeys {
  readonly keys: RemoteKeySet;

  constructor(@Inject(IdentityProvider) private readonly provider: IdentityProvider) {
    this.keys = new RemoteKeySet(() => provider.fetchKeys());
  }

  /** What tokens are checked against; known at once after the first call. */
  metadata(): Promise<VerificationMetadata> {
    return this.provider.verificationMetadata();
  }

  async warmUp(): Promise<void> {
    await this.metadata();
    await this.keys.warmUp();
  }
}
