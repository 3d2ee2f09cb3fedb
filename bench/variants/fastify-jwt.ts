import { createRequire } from 'node:module';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Req,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import type { Issuer } from './index.js';

interface VerifyingRequest {
  readonly user: { readonly sub: string };
  jwtVerify(): Promise<unknown>;
}

/** CommonJS, whose types do not fit how it is imported. */
const require = createRequire(import.meta.url);
const fastifyJwt: unknown = require('@fastify/jwt');
const buildGetJwks = require('get-jwks') as (options: object) => {
  getPublicKey(signature: { kid: string; alg: string; domain: string }): Promise<string>;
};

@Injectable()
class FastifyJwtGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      await context.switchToHttp().getRequest<VerifyingRequest>().jwtVerify();
      return true;
    } catch (cause) {
      throw new UnauthorizedException(undefined, { cause });
    }
  }
}

@Controller()
class MeController {
  @Get('me')
  @UseGuards(FastifyJwtGuard)
  me(@Req() { user }: VerifyingRequest): { sub: string } {
    return { sub: user.sub };
  }
}

@Module({ controllers: [MeController], providers: [FastifyJwtGuard] })
class FastifyJwtModule {}

export const module = (): Type => FastifyJwtModule;

/** As the documentation of get-jwks has it. */
export const configure = async (app: INestApplication, { issuer, audience }: Issuer): Promise<void> => {
  const jwks = buildGetJwks({ issuersWhitelist: [issuer], jwksPath: '/jwks' });
  const fastify = app.getHttpAdapter().getInstance() as { register(plugin: unknown, options: object): Promise<void> };
  await fastify.register(fastifyJwt, {
    decode: { complete: true },
    secret: (_request: unknown, { header: { kid, alg } }: { header: { kid: string; alg: string } }) =>
      jwks.getPublicKey({ kid, alg, domain: issuer }),
    verify: { allowedIss: issuer, allowedAud: audience, algorithms: ['RS256'] },
  });
};
