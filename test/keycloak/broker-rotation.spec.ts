import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl } from '../fixtures/databases/index.js';
import { platforms, startApplication } from './application.js';
import { type BrokerApplication, sidOf, signIn, startBroker, upstreamRefreshes } from './broker-application.js';
import { signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { OwnRealm, type OwnUser } from './own-realm.js';
import { confidentialClient } from './realm.js';

const [express, fastify] = platforms;

describe('a refresh at a Keycloak that rotates refresh tokens and punishes their reuse', () => {
  let realm: OwnRealm;
  let app: BrokerApplication;
  let other: BrokerApplication;
  let user: OwnUser;

  beforeAll(async () => {
    realm = await OwnRealm.create({ revokeRefreshToken: true, refreshTokenMaxReuse: 0 });
    user = await realm.addUser('user');
    const brokerStoreUrl = await postgresUrl();
    app = await startBroker(express, realm, { brokerStoreUrl });
    other = await startBroker(fastify, realm, { brokerStoreUrl });
  });

  afterAll(async () => {
    await Promise.all([app.close(), other.close()]);
    await realm.remove();
  });

  it('is what pass-through mode does not survive twice with one token', async () => {
    const passThrough = await startApplication(express, confidentialClient, { discoveryUrl: realm.discoveryUrl });
    try {
      const tokens = await tokensOf(await signInByOwnCallback(passThrough, new KeycloakUser(user)));
      const refresh = (token: string) => passThrough.post('/api/auth/v2/token', { refresh_token: token });
      const next = await tokensOf(await refresh(tokens.refresh_token));

      expect((await refresh(tokens.refresh_token)).status).toBe(400);
      expect((await refresh(next.refresh_token)).status).toBe(400);
    } finally {
      await passThrough.close();
    }
  });

  it.each([
    ['a session', {}],
    ['an offline session', { offline_access: 'true' }],
  ])('keeps %s alive from one generation to the next, in either application', async (_, parameters) => {
    const first = await signIn(app, user, parameters);
    let { refresh_token: current } = first;
    for (const each of [other, app, other, app]) {
      ({ refresh_token: current } = await tokensOf(await each.refresh(current)));
    }

    const rotations = [...app.events, ...other.events].filter(
      (event) => event.type === 'upstream_refreshed' && event.sid === sidOf(first),
    );
    expect(rotations).toHaveLength(4);
    expect(rotations.every((event) => event.type === 'upstream_refreshed' && event.rotated)).toBe(true);
  });

  it('answers a token that comes again with the same successor, without asking Keycloak again', async () => {
    const { refresh_token } = await signIn(app, user);
    const next = await tokensOf(await app.refresh(refresh_token));
    const asked = upstreamRefreshes(app, other);

    const again = await tokensOf(await other.refresh(refresh_token));

    expect(again.refresh_token).toBe(next.refresh_token);
    expect(upstreamRefreshes(app, other)).toBe(asked);
    expect((await app.refresh(again.refresh_token)).status).toBe(200);
  });

  it('asks Keycloak once for 50 requests with one token at two applications', async () => {
    const { refresh_token } = await signIn(app, user);
    const asked = upstreamRefreshes(app, other);

    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? app : other).refresh(refresh_token)),
    );

    const tokens = await Promise.all(answers.map(tokensOf));
    expect(upstreamRefreshes(app, other) - asked).toBe(1);
    expect(new Set(tokens.map((each) => each.refresh_token)).size).toBe(1);
    expect(new Set(tokens.map((each) => decodeJwt(each.access_token).jti)).size).toBe(50);
    expect((await other.refresh(tokens[0]!.refresh_token)).status).toBe(200);
  });
});
