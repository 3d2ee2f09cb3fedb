import { readFileSync } from 'node:fs';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    discoveryUrl: string;
  }
}

export interface Client {
  clientId: string;
  clientSecret?: string | undefined;
}

export interface User {
  username: string;
  password: string;
  email: string;
}

interface RealmFile {
  clients: { clientId: string; secret?: string }[];
  users: { username: string; email: string; credentials: { value: string }[] }[];
}

export const realmFile = JSON.parse(readFileSync(new URL('realm.json', import.meta.url), 'utf8')) as RealmFile;

function client(clientId: string): Client {
  const { secret } = realmFile.clients.find((candidate) => candidate.clientId === clientId)!;
  return { clientId, clientSecret: secret };
}

function user(username: string): User {
  const { email, credentials } = realmFile.users.find((candidate) => candidate.username === username)!;
  return { username, email, password: credentials[0]!.value };
}

export const discoveryUrl = inject('discoveryUrl');
export const issuer = discoveryUrl.replace('/.well-known/openid-configuration', '');

export const confidentialClient = client('quickstart');
export const publicClient = client('quickstart-public');
/** Keycloak demands PKCE of it. */
export const pkceClient = client('quickstart-pkce');
/** Keycloak leaves `iss` out of its authorization responses. */
export const clientWithoutIss = client('quickstart-without-iss');

/** Realm roles admin and user, client role editor. */
export const alice = user('alice');
/** Realm role user. */
export const bob = user('bob');
