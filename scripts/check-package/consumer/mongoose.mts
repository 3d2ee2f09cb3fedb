import type { Connection } from 'mongoose';
import { BrokerStore, OidcAuthModule } from 'nestjs-oidc-auth';
import { MongooseBrokerStore, type MongooseBrokerStoreOptions } from 'nestjs-oidc-auth/mongoose';

const options: MongooseBrokerStoreOptions = { collectionPrefix: 'app_' };

export function auth(connection: Connection) {
  const brokerStoreObj: BrokerStore = new MongooseBrokerStore(connection, options);
  return OidcAuthModule.forRoot({
    clientId: 'app',
    discoveryUrl: 'https://idp.invalid/',
    brokerMode: true,
    brokerStoreObj,
  });
}
