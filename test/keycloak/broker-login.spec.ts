import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from './application.js';
import { type BrokerApplication, brokerAudience, brokerIssuer, startBroker } from './broker-application.js';
import { signInByCaughtRedirect, signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { alice, bob } from './realm.js';
import { StandardClient } from './standard-client.js';

describe.each(platforms)('a login at Keycloak in broker mode, on $platform', (platform) => {
  let folder: string;
  let app: BrokerApplication;
  let client: StandardClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'broker-'));
    app = await startBroker(platform, undefined, { brokerStoreUrl: `sqlite://${folder}/broker.sqlite` });
    client = new StandardClient(app);
  });

  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  /** As somebody would who knows nothing but where the keys are. */
  async function verified(accessToken: string) {
    const keys = createRemoteJWKSet(new URL(`${app.url}/api/auth/v2/.well-known/jwks.json`));
    const { payload } = await jwtVerify(accessToken, keys, {
      issuer: brokerIssuer,
      audience: brokerAudience,
      typ: 'at+jwt',
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'sid', 'client_id'],
    });
    return payload;
  }

  const signIn = async (user = alice) => tokensOf(await signInByOwnCallback(app, new KeycloakUser(user)));

  it("ends at the application's own callback with a token of the application, which anybody can verify", async () => {
    const tokens = await signIn();

    expect(tokens).not.toHaveProperty('id_token');
    expect(await verified(tokens.access_token)).toMatchObject({
      client_id: 'quickstart',
      preferred_username: 'alice',
      email: alice.email,
      name: 'Alice Admin',
    });
    expect((await app.get('/me', tokens.access_token)).status).toBe(200);
  });

  it.each([
    ['an existing client', async () => tokensOf(await signInByCaughtRedirect(app, new KeycloakUser(alice)))],
    ['a standard client with PKCE of its own', () => client.signIn(new KeycloakUser(alice))],
  ])('lets %s redeem the code, refresh, and refresh again', async (_, redeem) => {
    const first = await redeem();
    const second = await client.refresh(first.refresh_token!);
    const third = await client.refresh(second.refresh_token!);

    expect(new Set([first, second, third].map(({ refresh_token }) => refresh_token)).size).toBe(3);
    const { sub, sid } = await verified(first.access_token);
    expect(await verified(third.access_token)).toMatchObject({ sub, sid });
  });

  it('gives a device an offline session once the user has allowed it', async () => {
    const device = await client.startDevice();
    await new KeycloakUser(alice).decideOnDevice(device.verification_uri_complete!, 'accept');

    const tokens = await client.pollDevice(device.device_code);

    expect(tokens.scope?.split(' ')).toContain('offline_access');
    const refreshed = await client.refresh(tokens.refresh_token!);
    expect((await app.get('/me', refreshed.access_token)).status).toBe(200);
  });

  it("passes on Keycloak's answers to a device that asks too early or too often", async () => {
    const device = await client.startDevice();

    await expect(client.pollDevice(device.device_code)).rejects.toMatchObject({ error: 'authorization_pending' });
    await expect(client.pollDevice(device.device_code)).rejects.toMatchObject({ error: 'slow_down' });
  });

  it("finds realm and client roles in Keycloak's access token, the only place where they are", async () => {
    const [ofAlice, ofBob] = [await signIn(alice), await signIn(bob)];

    const { roles } = await verified(ofAlice.access_token);
    expect(roles).toEqual(expect.arrayContaining(['admin', 'user', 'editor']));
    for (const path of ['/realm-role', '/client-role', '/claim', '/client-claim']) {
      expect([path, (await app.get(path, ofAlice.access_token)).status]).toEqual([path, 200]);
      expect([path, (await app.get(path, ofBob.access_token)).status]).toEqual([path, 403]);
    }
  });

  it('reports the lifetime of an offline session as its own, and of any other as that of the Keycloak session', async () => {
    const thirtyDays = 30 * 24 * 3_600;
    const idle = 1_800;
    const online = await signIn();
    const offline = await tokensOf(await signInByOwnCallback(app, new KeycloakUser(alice), { offline_access: 'true' }));

    expect(offline.scope.split(' ')).toContain('offline_access');
    for (const { tokens, lifetime } of [
      { tokens: online, lifetime: idle },
      { tokens: offline, lifetime: thirtyDays },
    ]) {
      const refreshed = await tokensOf(await app.refresh(tokens.refresh_token));
      for (const { refresh_expires_in } of [tokens, refreshed]) {
        expect(refresh_expires_in).toBeGreaterThan(lifetime - 10);
        expect(refresh_expires_in).toBeLessThanOrEqual(lifetime);
      }
    }
  });

  it('tells who the user is from the session, without asking Keycloak', async () => {
    const { access_token } = await signIn(bob);
    const { sub } = decodeJwt(access_token);
    const asked = app.asked('/userinfo');

    expect(await client.userInfo(access_token, sub!)).toEqual({
      sub,
      preferred_username: 'bob',
      username: 'bob',
      pw_name: 'bob',
      name: 'Bob User',
      given_name: 'Bob',
      first_name: 'Bob',
      family_name: 'User',
      last_name: 'User',
      email: bob.email,
      email_verified: true,
    });
    expect(app.asked('/userinfo')).toBe(asked);
  });
});
