import { BrokerStore, OidcAuthModule } from 'nestjs-oidc-auth';
import { TypeOrmBrokerStore, type TypeOrmBrokerStoreOptions } from 'nestjs-oidc-auth/typeorm';
import type { DataSource } from 'typeorm';

const options: TypeOrmBrokerStoreOptions = { tablePrefix: 'app_', schema: undefined };

export function auth(dataSource: DataSource) {
  const brokerStoreObj: BrokerStore = new TypeOrmBrokerStore(dataSource, options);
  return OidcAuthModule.forRoot({
    clientId: 'app',
    discoveryUrl: 'https://idp.invalid/',
    brokerMode: true,
    brokerStoreObj,
  });
}
