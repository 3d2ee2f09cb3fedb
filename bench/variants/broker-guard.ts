import type { DynamicModule } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { MemoryBrokerStore, OidcAuthModule } from '../../lib/index.js';
import { KeyRing } from '../../lib/sealing/key-ring.js';
import type { Issuer } from './index.js';
import { OidcGuardModule } from './oidc-guard.js';

const encryptionKey = randomBytes(32).toString('base64');

/** This library as an issuer of its own, whose first signing key is the one the tokens were signed with. */
export const module = async ({ issuer, audience, signingKey }: Issuer): Promise<DynamicModule> => {
  const discoveryUrl = `${issuer}/.well-known/openid-configuration`;
  return {
    module: OidcGuardModule,
    imports: [
      OidcAuthModule.forRoot({
        clientId: 'bench-client',
        clientSecret: 'a secret that no identity provider knows',
        discoveryUrl,
        brokerMode: true,
        brokerIssuer: issuer,
        brokerAudience: audience,
        brokerStoreObj: await storeWith(signingKey, JSON.stringify([discoveryUrl, 'bench-client', issuer])),
        encryptionKeys: [encryptionKey],
      }),
    ],
  };
};

async function storeWith(signingKey: Issuer['signingKey'], owner: string): Promise<MemoryBrokerStore> {
  const store = new MemoryBrokerStore();
  const key = {
    generation: 1,
    alg: 'RS256',
    ...signingKey,
    createdAt: Date.now(),
    activeFrom: Date.now(),
    oldestValid: 0,
  };
  const payload = KeyRing.from([encryptionKey]).seal('record', `key 1 ${owner}`, JSON.stringify(key));
  await store.insert('key', '1', { version: 1, payload, expiresAt: Date.now() + 86_400_000 });
  return store;
}
