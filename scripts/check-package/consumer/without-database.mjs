import { NestFactory } from '@nestjs/core';
import { OidcAuthModule } from 'nestjs-oidc-auth';

const auth = OidcAuthModule.forRoot({
  clientId: 'app',
  clientSecret: 'a-secret-of-more-than-thirty-two-characters',
  discoveryUrl: 'https://idp.invalid/.well-known/openid-configuration',
  publicUrl: 'https://app.invalid',
  brokerMode: true,
  brokerStoreUrl: 'postgres://db.invalid/app',
});
const error = await NestFactory.createApplicationContext(auth, { logger: false, abortOnError: false }).then(
  () => new Error('booted'),
  (error) => error,
);
const command = 'npm install typeorm pg';
if (!error.message.endsWith(command)) throw error;
console.log(`without TypeORM a database is refused with "${command}"`);
