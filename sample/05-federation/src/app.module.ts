import { Module } from '@nestjs/common';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { AboutController } from './about.controller.js';
import { audience, publicUrl, trustedIssuers } from './settings.js';
import { WhoAmIController } from './who-am-i.controller.js';

@Module({
  imports: [
    OidcAuthModule.forRoot({
      prefix: '/api',
      discoveryUrl: process.env['OIDC_DISCOVERY_URL'] ?? '',
      clientId: process.env['OIDC_CLIENT_ID'] ?? '',
      clientSecret: process.env['OIDC_CLIENT_SECRET'],
      audience: process.env['OIDC_AUDIENCE'],
      publicUrl,
      brokerMode: true,
      brokerAudience: audience,
      trustedIssuers,
      // Each has a database of its own: nothing is shared but trust.
      brokerStoreUrl: process.env['BROKER_STORE_URL'],
      encryptionKeys: process.env['ENCRYPTION_KEYS']?.split(' '),
    }),
  ],
  controllers: [AboutController, WhoAmIController],
})
export class AppModule {}
