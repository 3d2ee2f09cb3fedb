import { Module } from '@nestjs/common';
import { getConnectionToken, MongooseModule } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { MongooseBrokerStore } from 'nestjs-oidc-auth/mongoose';
import { SessionsController } from './sessions.controller.js';
import { User, UserSchema } from './user.schema.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [
    // Without a database the application does not start, and says so after some seconds.
    MongooseModule.forRoot(process.env['MONGO_URL'] ?? '', { retryAttempts: 2, serverSelectionTimeoutMS: 5_000 }),
    MongooseModule.forFeature([{ name: User.name, schema: UserSchema }]),
    OidcAuthModule.forRootAsync({
      prefix: '/api',
      inject: [getConnectionToken()],
      useFactory: (connection: Connection) => ({
        discoveryUrl: process.env['OIDC_DISCOVERY_URL'] ?? '',
        clientId: process.env['OIDC_CLIENT_ID'] ?? '',
        clientSecret: process.env['OIDC_CLIENT_SECRET'],
        audience: process.env['OIDC_AUDIENCE'],
        brokerMode: true,
        // The broker's collection is none of Mongoose's business: there is no model of it.
        brokerStoreObj: new MongooseBrokerStore(connection),
        publicUrl: process.env['PUBLIC_URL'],
        // Without them, a key made of the client secret, which is another one at each start of the demo provider.
        encryptionKeys: process.env['ENCRYPTION_KEYS']?.split(' '),
      }),
    }),
  ],
  controllers: [UsersController, SessionsController],
})
export class AppModule {}
