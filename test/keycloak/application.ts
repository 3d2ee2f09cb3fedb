import { Controller, Get, type LoggerService, UseGuards } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  Auth,
  IdToken,
  IdTokenClaims,
  OidcAuthModule,
  OidcGuard,
  OptionalOidcGuard,
  Roles,
  type OidcAuthOptions,
} from '../../lib/index.js';
import { type Client, discoveryUrl } from './realm.js';

export const platforms = [
  { platform: 'Express', adapter: () => new ExpressAdapter() },
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
] as const;

export type Platform = (typeof platforms)[number];

@Controller()
class RestrictedController {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() { sub, preferred_username, email }: IdTokenClaims) {
    return { sub, preferred_username, email };
  }

  @Get('maybe-me')
  @UseGuards(OptionalOidcGuard)
  maybe(@IdToken('preferred_username') name: string | null) {
    return { name: name ?? 'anonymous' };
  }

  @Get('realm-role')
  @UseGuards(OidcGuard)
  @Roles('admin')
  realmRole() {
    return { allowed: true };
  }

  @Get('client-role')
  @UseGuards(OidcGuard)
  @Roles('editor')
  clientRole() {
    return { allowed: true };
  }

  @Get('claim')
  @Auth({ claims: { 'realm_access.roles': ['admin'] } })
  claim() {
    return { allowed: true };
  }

  @Get('client-claim')
  @Auth({ claims: { 'resource_access.quickstart.roles': ['editor'] } })
  clientClaim() {
    return { allowed: true };
  }

  @Get('scope')
  @Auth({ scopes: 'profile email' })
  scope() {
    return { allowed: true };
  }

  @Get('phone')
  @Auth({ scopes: 'profile phone' })
  phone() {
    return { allowed: true };
  }
}

export interface Application {
  url: string;
  get(path: string, accessToken?: string): Promise<Response>;
  /** Posts a form, as RFC 6749 §3.2 has it. */
  post(path: string, form?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

/** An application at a client of the realm, on a port of its own; in pass-through mode unless the options say otherwise. */
export async function startApplication(
  { adapter }: Platform,
  client: Client,
  options: Partial<OidcAuthOptions> = {},
  logger: LoggerService | false = false,
): Promise<Application> {
  const oidc = OidcAuthModule.forRoot({ discoveryUrl, ...client, ...options, prefix: '/api' });
  const module = await Test.createTestingModule({ imports: [oidc], controllers: [RestrictedController] }).compile();
  const app = module.createNestApplication(adapter(), { logger });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    url,
    get: (path, token) => fetch(url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} }),
    post: (path, form = {}) => fetch(url + path, { method: 'POST', body: new URLSearchParams(form) }),
    close: () => app.close(),
  };
}
