import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { IdToken, IdTokenClaims, OidcGuard } from 'nestjs-oidc-auth';
import { REDIS, type Redis } from './redis.js';

/** The application's own business with Redis. */
@Controller('api/visits')
@UseGuards(OidcGuard)
export class VisitsController {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** Somebody is known by issuer and subject, as another issuer may have the same subject. */
  @Get()
  async visits(@IdToken() { iss, sub, name }: IdTokenClaims) {
    return { iss, sub, name, visits: await this.redis.hIncrBy('visits', JSON.stringify([iss, sub]), 1) };
  }
}
