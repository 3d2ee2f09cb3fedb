import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type BrokerOptions, type ResolvedOptions } from '../options/resolved-options.js';
import { OwnIssuer } from './issuing/own-issuer.js';
import { SigningKeyRotation } from './issuing/signing-key-rotation.js';
import { SigningKeys } from './issuing/signing-keys.js';
import { Upkeep } from './upkeep.js';

/** Makes broker mode ready before the first request: tables, clock and signing key. */
@Injectable()
export class BrokerStartUp implements OnModuleInit {
  private readonly logger = new Logger('OidcAuth');

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SigningKeys) private readonly keys: SigningKeys,
    @Inject(SigningKeyRotation) private readonly rotation: SigningKeyRotation,
    @Inject(OwnIssuer) private readonly issuer: OwnIssuer,
    @Inject(Upkeep) private readonly upkeep: Upkeep,
  ) {}

  /** A database that cannot be reached yet does not keep the application from starting; one that is unfit does. */
  async onModuleInit(): Promise<void> {
    const { broker } = this.options;
    if (broker === undefined) return;
    for (const warning of warnings(broker)) this.logger.warn(warning);
    try {
      await this.keys.load();
      await this.rotation.adoptAlgorithm();
      await this.issuer.keys.warmUp();
      this.logger.log(`Broker mode: tokens are issued as ${broker.issuer}`);
    } catch (error) {
      if (!(error instanceof OidcAuthError)) throw error;
      if (error.code === 'store_misconfigured') throw explained(error);
      if (error.code !== 'store_unavailable') throw error;
      this.logger.warn('The application runs on without its broker store, and asks again when it is needed.');
    }
    this.upkeep.start();
  }
}

/** To whoever starts the application may be said what callers of a running one are not told. */
function explained({ code, message, operatorHint = message, cause }: OidcAuthError): OidcAuthError {
  return new OidcAuthError(code, operatorHint, { cause });
}

function* warnings({ signingAlgorithm, issuerIsAudience, issuer }: BrokerOptions): Generator<string> {
  if (signingAlgorithm === 'ES256' || signingAlgorithm === 'EdDSA') {
    yield (
      `signingAlgorithm is ${signingAlgorithm}: applications in Python that trust this one (py-oidc-auth) do not start while its JWKS holds a ` +
      'key that is not RSA.'
    );
  }
  if (issuerIsAudience) {
    yield (
      `Neither publicUrl nor brokerIssuer is set: tokens name the issuer ${JSON.stringify(issuer)} (brokerAudience), which is no address. ` +
      'Other applications cannot find its keys: federation and metadata are off.'
    );
  }
}
