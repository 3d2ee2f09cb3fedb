import type { OidcAuthOptions } from 'nestjs-oidc-auth';
import { remember } from './events.js';

/** All that the environment may say, read in one place. `npm start` fills it in for the demo identity provider. */
const env = (name: string): string | undefined => process.env[name] || undefined;

/** What the restricted routes of the demonstration ask for; another identity provider knows other claims and roles. */
const [claim, value] = (env('DEMO_CLAIM') ?? 'department=finance').split(/=(.*)/s) as [string, string];

export const demo = {
  scope: env('DEMO_SCOPE') ?? 'email',
  claim: { [claim]: value === 'true' || value === 'false' ? value === 'true' : value },
  role: env('DEMO_ROLE') ?? 'admin',
};

/** The client that this application is at the identity provider: all that pass-through mode needs. */
export const oidc = {
  discoveryUrl: env('OIDC_DISCOVERY_URL') ?? '',
  clientId: env('OIDC_CLIENT_ID') ?? '',
  clientSecret: env('OIDC_CLIENT_SECRET'),
  scopes: env('OIDC_SCOPES') ?? 'profile email',
  audience: env('OIDC_AUDIENCE'),
  publicUrl: env('OIDC_PUBLIC_URL') ?? `http://localhost:${env('PORT') ?? 3000}`,
  // As in a query, for example Auth0's `audience=https://api.example.org`.
  authorizationParams: Object.fromEntries(new URLSearchParams(env('OIDC_AUTHORIZATION_PARAMS'))),
} satisfies OidcAuthOptions;

/** What is in `iss` of the application's own tokens in broker mode: its address with the prefix. */
export const issuer = `${oidc.publicUrl.replace(/\/+$/, '')}/api`;

/** Broker mode: the application keeps the provider's tokens and issues its own. Only the first line is needed. */
export const broker = {
  brokerMode: env('MODE') !== 'pass-through',
  // The same as without it, said here because the application needs to know it, too.
  brokerIssuer: issuer,
  // Without it, an SQLite file in the user's data folder.
  brokerStoreUrl: env('BROKER_STORE_URL'),
  // Without them, a key made of the client secret; `npm start` makes up a new secret each time.
  encryptionKeys: env('ENCRYPTION_KEYS')?.split(' '),
  // Short enough to watch it run out. An hour if not set.
  accessTokenTtl: Number(env('ACCESS_TOKEN_TTL') ?? 300),
  // What a route asks for has to be in the application's own tokens, too.
  mapClaims: ({ [claim]: wanted }) => ({ [claim]: wanted }),
  onEvent: remember,
} satisfies Partial<OidcAuthOptions>;
