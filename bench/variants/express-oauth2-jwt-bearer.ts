import { Controller, Get, Module, Req, type MiddlewareConsumer, type Type } from '@nestjs/common';
import { auth } from 'express-oauth2-jwt-bearer';
import type { Issuer } from './index.js';

@Controller()
class MeController {
  @Get('me')
  me(@Req() { auth }: { auth: { payload: { sub: string } } }): { sub: string } {
    return { sub: auth.payload.sub };
  }
}

/** Its middleware before the routes, as an application on Express would use it. */
export const module = ({ issuer, audience }: Issuer): Type => {
  @Module({ controllers: [MeController] })
  class ExpressOauth2JwtBearerModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(auth({ issuerBaseURL: issuer, audience, tokenSigningAlg: 'RS256' })).forRoutes('me');
    }
  }
  return ExpressOauth2JwtBearerModule;
};
