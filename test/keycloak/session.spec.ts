import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, platforms, startApplication } from './application.js';
import { signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { alice, bob, confidentialClient, issuer } from './realm.js';
import { StandardClient } from './standard-client.js';

const sessionEnded = { status: 400, error: 'invalid_grant' };
const thirtyDays = 30 * 24 * 3_600;

describe.each(platforms)('a session at Keycloak, on $platform', (platform) => {
  let app: Application;
  let client: StandardClient;

  beforeAll(async () => {
    app = await startApplication(platform, confidentialClient);
    client = new StandardClient(app);
  });

  afterAll(() => app.close());

  const logoutUrl = (parameters: Record<string, string> = {}) =>
    `${app.url}/api/auth/v2/logout?${new URLSearchParams({ post_logout_redirect_uri: `${app.url}/bye`, ...parameters })}`;

  it('is refreshed, again and again, with the refresh token of the answer before', async () => {
    const first = await client.signIn(new KeycloakUser(alice));
    const second = await client.refresh(first.refresh_token!);
    const third = await client.refresh(second.refresh_token!);

    expect(new Set([first, second, third].map(({ refresh_token }) => refresh_token)).size).toBe(3);
    expect((await app.get('/me', third.access_token)).status).toBe(200);
  });

  it.each(['refresh_token', 'refresh-token'])('is refreshed by %s in form and in JSON', async (name) => {
    const { refresh_token } = await client.signIn(new KeycloakUser(alice));

    const form = await app.post('/api/auth/v2/token', { [name]: refresh_token! });
    const json = await fetch(`${app.url}/api/auth/v2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ [name]: refresh_token }),
    });

    expect([form.status, json.status]).toEqual([200, 200]);
  });

  it("reports the library's lifetime for offline tokens, which Keycloak reports as 0", async () => {
    const response = await signInByOwnCallback(app, new KeycloakUser(alice), { offline_access: 'true' });
    const tokens = await tokensOf(response);

    expect(tokens.scope.split(' ')).toContain('offline_access');
    expect(tokens.refresh_expires_in).toBe(thirtyDays);
    expect(tokens.refresh_expires - Date.now() / 1_000).toBeGreaterThan(thirtyDays - 60);
    const refreshed = await client.refresh(tokens.refresh_token);
    expect(refreshed['refresh_expires_in']).toBe(thirtyDays);
  });

  it('tells who the user is', async () => {
    const { access_token } = await client.signIn(new KeycloakUser(bob));
    const { sub } = (await (await app.get('/me', access_token)).json()) as { sub: string };

    expect(await client.userInfo(access_token, sub)).toEqual({
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
    expect((await app.get('/api/auth/v2/userinfo')).status).toBe(401);
  });

  it("ends by Keycloak's logout, which leads back to the application", async () => {
    const person = new KeycloakUser(alice);
    const tokens = await client.signIn(person);
    const landing = await person.browser.follow(logoutUrl({ id_token_hint: tokens.id_token!, state: 'mine' }), {
      until: (location) => location.startsWith(`${app.url}/bye`),
    });

    expect(landing.url).toBe(`${app.url}/bye?state=mine`);
    await expect(client.refresh(tokens.refresh_token!)).rejects.toMatchObject(sessionEnded);
  });

  it('ends after a question of Keycloak where the application gives no hint whose it is', async () => {
    const person = new KeycloakUser(alice);
    const tokens = await client.signIn(person);
    const question = await person.browser.follow(logoutUrl());
    const until = (location: string) => location.startsWith(`${app.url}/bye`);
    const landing = await person.browser.submit(question, { confirmLogout: '' }, { until });

    expect(landing.url).toBe(`${app.url}/bye`);
    await expect(client.refresh(tokens.refresh_token!)).rejects.toMatchObject(sessionEnded);
  });

  it('is not refreshed once its refresh token is revoked', async () => {
    const { refresh_token } = await client.signIn(new KeycloakUser(alice));
    const { clientId, clientSecret } = confidentialClient;
    const revoked = await fetch(`${issuer}/protocol/openid-connect/revoke`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ token: refresh_token! }),
    });

    expect(revoked.status).toBe(200);
    await expect(client.refresh(refresh_token!)).rejects.toMatchObject(sessionEnded);
  });

  it.each(['no-token', 'a.b.c'])('is not refreshed by "%s"', async (refreshToken) => {
    await expect(client.refresh(refreshToken)).rejects.toMatchObject(sessionEnded);
  });
});
