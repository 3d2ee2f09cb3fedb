import { Inject, Injectable, Logger } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { quoted } from './errors/operator-log.js';
import { joinPaths } from './options/addresses.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from './options/resolved-options.js';
import { UnguardedConstraints } from './guards/unguarded-constraints.js';
import { ProviderIssuer } from './verification/provider-issuer.js';

/** Secrets with fewer characters can be guessed from what was encrypted with them. */
const GOOD_SECRET_LENGTH = 32;

/** What is said and done once at boot: warnings about the options, and the first look at the provider. */
@Injectable()
export class StartUp {
  private readonly logger = new Logger('OidcAuth');

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(ProviderIssuer) private readonly issuer: ProviderIssuer,
    @Inject(UnguardedConstraints) private readonly unguarded: UnguardedConstraints,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  async run(): Promise<void> {
    try {
      for (const warning of this.warnings()) this.logger.warn(warning);
      await this.issuer.warmUp();
      const { issuer } = await this.issuer.metadata();
      this.logger.log(`Identity provider: ${issuer}`);
    } catch {
      // The provider itself has said why.
      this.logger.warn('The application runs on without its identity provider, and asks again when it is needed.');
    }
  }

  private *warnings(): Generator<string> {
    const { audience, broker, encryptionKeys, publicUrl, withoutEffect } = this.options;
    if (withoutEffect.length > 0) {
      yield `Without brokerMode: true, ${withoutEffect.join(', ')} ${withoutEffect.length > 1 ? 'have' : 'has'} no effect.`;
    }
    const globalPrefix = joinPaths(this.config.getGlobalPrefix());
    if (publicUrl !== undefined && !publicUrl.endsWith(globalPrefix)) {
      yield (
        `publicUrl is ${quoted(publicUrl)}, but this application has the global prefix ${quoted(globalPrefix)}: unless a proxy ` +
        `adds it, set publicUrl: ${quoted(publicUrl + globalPrefix)}.`
      );
    }
    const encrypted = broker === undefined ? 'login states are' : 'all that is stored is';
    if (encryptionKeys.some(isWeak)) {
      yield (
        `clientSecret has fewer than ${GOOD_SECRET_LENGTH} characters, and ${encrypted} encrypted with a key derived from it: ` +
        'use a longer one, or set encryptionKeys.'
      );
    }
    if (encryptionKeys.length === 0) {
      yield (
        'clientSecret is not set: the client is taken for a public one, and login states are encrypted with a key of this process alone. Set ' +
        'encryptionKeys where several processes serve one application.'
      );
    }
    if (audience.length === 0 && broker === undefined) {
      yield (
        'The option audience is not set: tokens are accepted that were issued to or for the client ' +
        `"${this.options.clientId}". Set it to the name of this API.`
      );
    }
    for (const route of this.unguarded.find()) {
      yield `${route} has @Scopes(), @Claims() or @Roles(), but no guard that enforces them: add @UseGuards(OidcGuard), or globalGuard: true.`;
    }
  }
}

function isWeak(key: ResolvedOptions['encryptionKeys'][number]): boolean {
  return typeof key !== 'string' && key.fromClientSecret.length < GOOD_SECRET_LENGTH;
}
