import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { TypeOrmBrokerStore } from 'nestjs-oidc-auth/typeorm';
import { DataSource } from 'typeorm';
import { AccountController } from './account.controller.js';
import { Account } from './account.entity.js';
import { SessionsController } from './sessions.controller.js';

@Module({
  imports: [
    // The broker's table is none of TypeORM's business: `synchronize` leaves it alone, and so do migrations.
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env['POSTGRES_URL'],
      entities: [Account],
      synchronize: true, // for a demonstration; with data that matters, run migrations before instances start
    }),
    TypeOrmModule.forFeature([Account]),
    OidcAuthModule.forRootAsync({
      prefix: '/api',
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => ({
        discoveryUrl: process.env['OIDC_DISCOVERY_URL'] ?? '',
        clientId: process.env['OIDC_CLIENT_ID'] ?? '',
        clientSecret: process.env['OIDC_CLIENT_SECRET'],
        audience: process.env['OIDC_AUDIENCE'],
        brokerMode: true,
        brokerStoreObj: new TypeOrmBrokerStore(dataSource),
        // All instances are one application: one address, one key ring.
        publicUrl: process.env['PUBLIC_URL'],
        encryptionKeys: process.env['ENCRYPTION_KEYS']?.split(' '),
      }),
    }),
  ],
  controllers: [AccountController, SessionsController],
})
export class AppModule {}
