import { decodeJwt } from 'jose';
import type { BrokerEvent, OidcAuthOptions } from '../../lib/index.js';
import { type Application, type Platform, startApplication } from './application.js';
import { signInByOwnCallback, type Tokens, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { confidentialClient, issuer, type User } from './realm.js';

/** What the tokens of the applications name as their issuer. Nothing listens there. */
export const brokerIssuer = 'https://broker.example.org';
export const brokerAudience = 'broker-api';

export interface BrokerApplication extends Application {
  readonly events: readonly BrokerEvent[];
  /** How many requests to Keycloak so far have this in their address or body. */
  asked(text: string): number;
  /** One refresh, as existing clients ask for it. */
  refresh(refreshToken: string | undefined): Promise<Response>;
}

/** An application in broker mode at the confidential client, with a store in memory unless the options name another. */
export async function startBroker(
  platform: Platform,
  realm: { issuer: string } = { issuer },
  options: Partial<OidcAuthOptions> = {},
): Promise<BrokerApplication> {
  const events: BrokerEvent[] = [];
  const requests: string[] = [];
  const recording: typeof fetch = (input, init) => {
    requests.push(`${String(input)} ${String(init?.body)}`);
    return fetch(input, init);
  };
  const app = await startApplication(platform, confidentialClient, {
    discoveryUrl: `${realm.issuer}/.well-known/openid-configuration`,
    brokerMode: true,
    brokerIssuer,
    brokerAudience,
    brokerStoreUrl: 'memory://',
    fetch: recording,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return {
    ...app,
    events,
    asked: (text) => requests.filter((request) => request.includes(text)).length,
    refresh: (refreshToken) => app.post('/api/auth/v2/token', { 'refresh-token': refreshToken ?? '' }),
  };
}

/** A login of its own at the application's callback. */
export async function signIn(app: Application, user: User, parameters: Record<string, string> = {}): Promise<Tokens> {
  return tokensOf(await signInByOwnCallback(app, new KeycloakUser(user), parameters));
}

/** How many times Keycloak was asked to refresh. */
export function upstreamRefreshes(...apps: readonly BrokerApplication[]): number {
  return apps.reduce((sum, app) => sum + app.asked('grant_type=refresh_token'), 0);
}

/** The session that an access token is of. */
export function sidOf({ access_token }: Tokens): unknown {
  return decodeJwt(access_token)['sid'];
}
