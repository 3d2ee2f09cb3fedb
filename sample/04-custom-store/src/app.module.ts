import { Module } from '@nestjs/common';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { RedisBrokerStore } from './redis-broker-store.js';
import { REDIS, RedisModule, type Redis } from './redis.js';
import { SessionsController } from './sessions.controller.js';
import { VisitsController } from './visits.controller.js';

@Module({
  imports: [
    RedisModule,
    OidcAuthModule.forRoot({
      prefix: '/api',
      discoveryUrl: process.env['OIDC_DISCOVERY_URL'] ?? '',
      clientId: process.env['OIDC_CLIENT_ID'] ?? '',
      clientSecret: process.env['OIDC_CLIENT_SECRET'],
      audience: process.env['OIDC_AUDIENCE'],
      brokerMode: true,
      imports: [RedisModule],
      brokerStore: { inject: [REDIS], useFactory: (redis: Redis) => new RedisBrokerStore(redis) },
      // All instances are one application: one address, one key ring.
      publicUrl: process.env['PUBLIC_URL'],
      encryptionKeys: process.env['ENCRYPTION_KEYS']?.split(' '),
    }),
  ],
  controllers: [VisitsController, SessionsController],
})
export class AppModule {}
