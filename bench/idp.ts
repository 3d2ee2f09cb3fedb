import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { SigningKey } from './tokens/keys.js';

/** How long the key set takes, as across a network: a cold burst must find the first fetch still under way. */
const jwksDelay = 50;

/** The identity provider as far as guards see it: discovery and a key set that counts how often it is fetched. */
export interface Idp {
  readonly issuer: string;
  readonly jwksFetches: number;
  close(): void;
}

export async function startIdp(keys: readonly SigningKey[]): Promise<Idp> {
  let jwksFetches = 0;
  let issuer = '';
  const server = createServer(async (request, response) => {
    const isJwks = request.url === '/jwks';
    if (isJwks) {
      jwksFetches += 1;
      await wait(jwksDelay);
    }
    const body = isJwks ? { keys: keys.map(({ jwk }) => jwk) } : metadata(issuer, keys);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    get jwksFetches() {
      return jwksFetches;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function metadata(issuer: string, keys: readonly SigningKey[]): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: keys.map(({ alg }) => alg),
  };
}
