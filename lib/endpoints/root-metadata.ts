import {
  Controller,
  Get,
  Inject,
  Module,
  Req,
  Res,
  VERSION_NEUTRAL,
  UseFilters,
  type Provider,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Public } from '../decorators/public.decorator.js';
import { OidcAuthService } from '../login/oidc-auth.service.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import type { EndpointPaths } from './endpoints.js';
import type { HttpRequest } from '../http/http-request.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { replyWithMetadata } from './reply-with-metadata.js';

/** A module of its own, since its route is beside the prefix of the registration, not below it. */
export interface RootMetadata {
  readonly module: Type<unknown>;
  /** To be among the providers of the registration, whose options and keys are told. */
  readonly source: Provider;
}

/**
 * Serves the metadata of an issuer with a path where RFC 8414 §3.1 has it: `/.well-known/oauth-authorization-server` and
 * then the path. What stands before the prefix in the public address (a global prefix, a path that a proxy strips) is
 * not ours to serve.
 */
export function rootMetadata(endpoints: EndpointPaths): RootMetadata {
  let told: { options: ResolvedOptions; service: OidcAuthService } | undefined;

  @UseFilters(OAuthErrorFilter)
  @Controller({ version: VERSION_NEUTRAL })
  class RootMetadataController {
    @Inject(HttpAdapterHost) private readonly adapterHost!: HttpAdapterHost;

    @Public()
    @Get(`/.well-known/oauth-authorization-server${endpoints.prefix}`)
    async metadata(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
      const { options, service } = told!;
      const known = isIssuerPath(options, endpoints.prefix) ? options : undefined;
      await replyWithMetadata(this.adapterHost, request, response, known, endpoints, () => service.publicKeys());
    }
  }

  @Module({ controllers: [RootMetadataController] })
  class RootMetadataModule {}

  return {
    module: RootMetadataModule,
    source: {
      provide: Symbol('nestjs-oidc-auth:root-metadata'),
      useFactory: (options: ResolvedOptions, service: OidcAuthService) => {
        told = { options, service };
        return told;
      },
      inject: [RESOLVED_OPTIONS, OidcAuthService],
    },
  };
}

/** Where RFC 8414 §3.1 puts the metadata of an issuer: between its host and its path. */
function isIssuerPath({ broker }: ResolvedOptions, prefix: string): boolean {
  return broker !== undefined && URL.canParse(broker.issuer) && new URL(broker.issuer).pathname === (prefix || '/');
}
