import { Controller, Get, Inject, Module, Req, Res, VERSION_NEUTRAL, UseFilters, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Public } from '../decorators/public.decorator.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { EndpointPaths } from './endpoints.js';
import type { HttpRequest } from '../http/http-request.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { replyWithMetadata } from './reply-with-metadata.js';
import { isIssuerPath } from './server-metadata.js';

/** A module of its own, since its route is beside the prefix of the registration, not below it. */
export interface RootMetadata {
  readonly module: Type<unknown>;
  /** To be called once the options are known. */
  publish(options: ResolvedOptions): void;
}

/**
 * Serves the metadata of an issuer with a path where RFC 8414 §3.1 has it: `/.well-known/oauth-authorization-server` and
 * then the path. What stands before the prefix in the public address (a global prefix, a path that a proxy strips) is
 * not ours to serve.
 */
export function rootMetadata(endpoints: EndpointPaths): RootMetadata {
  let options: ResolvedOptions | undefined;

  @UseFilters(OAuthErrorFilter)
  @Controller({ version: VERSION_NEUTRAL })
  class RootMetadataController {
    @Inject(HttpAdapterHost) private readonly adapterHost!: HttpAdapterHost;

    @Public()
    @Get(`/.well-known/oauth-authorization-server${endpoints.prefix}`)
    metadata(@Req() request: HttpRequest, @Res() response: unknown): void {
      const known = options !== undefined && isIssuerPath(options, endpoints.prefix) ? options : undefined;
      replyWithMetadata(this.adapterHost, request, response, known, endpoints);
    }
  }

  @Module({ controllers: [RootMetadataController] })
  class RootMetadataModule {}

  return {
    module: RootMetadataModule,
    publish: (resolved) => {
      options = resolved;
    },
  };
}
