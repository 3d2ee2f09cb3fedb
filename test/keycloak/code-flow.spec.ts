import { generateRandomCodeVerifier } from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, platforms, startApplication } from './application.js';
import { signInByCaughtRedirect, signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { alice, confidentialClient, issuer, publicClient } from './realm.js';
import { StandardClient } from './standard-client.js';

describe.each(platforms)('the code flow at Keycloak, on $platform', (platform) => {
  let app: Application;
  let client: StandardClient;

  beforeAll(async () => {
    app = await startApplication(platform, confidentialClient, { allowedScopes: 'phone unknown' });
    client = new StandardClient(app);
  });

  afterAll(() => app.close());

  it("ends at the application's own callback with tokens that its guards accept", async () => {
    const response = await signInByOwnCallback(app, new KeycloakUser(alice));

    expect(response.headers.get('cache-control')).toBe('no-store');
    const tokens = await tokensOf(response);
    expect(tokens.token_type).toBe('Bearer');
    expect(new Set(tokens.scope.split(' '))).toEqual(new Set(['openid', 'profile', 'email']));
    expect(tokens.expires).toBeGreaterThan(Date.now() / 1_000);
    expect(tokens.refresh_expires).toBeGreaterThan(tokens.expires);

    const me = await app.get('/me', tokens.access_token);
    expect(await me.json()).toMatchObject({ preferred_username: 'alice', email: alice.email });
  });

  it('lets an existing client redeem the code with the last part of state', async () => {
    const tokens = await tokensOf(await signInByCaughtRedirect(app, new KeycloakUser(alice)));

    expect((await app.get('/me', tokens.access_token)).status).toBe(200);
  });

  it('lets a standard client redeem the code with PKCE and state of its own', async () => {
    const tokens = await client.signIn(new KeycloakUser(alice));

    expect((await app.get('/me', tokens.access_token)).status).toBe(200);
  });

  it('refuses another verifier than the one of the login', async () => {
    const callback = await client.authorize(new KeycloakUser(alice), { verifier: generateRandomCodeVerifier() });

    await expect(client.redeem(callback, generateRandomCodeVerifier())).rejects.toMatchObject({
      status: 400,
      error: 'invalid_grant',
    });
  });

  it('gives tokens for a code only once', async () => {
    const verifier = generateRandomCodeVerifier();
    const callback = await client.authorize(new KeycloakUser(alice), { verifier });
    await client.redeem(callback, verifier);

    await expect(client.redeem(callback, verifier)).rejects.toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it('signs in again without a form while Keycloak knows the browser, and with one for prompt=login', async () => {
    const person = new KeycloakUser(alice);
    await client.signIn(person);
    const callback = `${app.url}/api/auth/v2/callback`;
    const login = `${app.url}/api/auth/v2/login?redirect_uri=${encodeURIComponent(callback)}`;

    const silent = await person.browser.follow(login, { until: (location) => location.startsWith(callback) });
    const asked = await person.browser.follow(`${login}&prompt=login`);

    expect(new URL(silent.url).searchParams.get('iss')).toBe(issuer);
    expect(await asked.response.text()).toContain('kc-form-login');
  });

  it('asks Keycloak for allowed further scopes', async () => {
    const tokens = await client.signIn(new KeycloakUser(alice), { scope: 'phone' });

    expect(tokens.scope?.split(' ')).toEqual(expect.arrayContaining(['openid', 'profile', 'email', 'phone']));
    expect((await app.get('/phone', tokens.access_token)).status).toBe(200);
  });

  it("answers Keycloak's refusal of a scope with its own error", async () => {
    const response = await signInByOwnCallback(app, new KeycloakUser(alice), { scope: 'unknown' });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_scope' });
  });

  it('works for a public client', async () => {
    const publicApp = await startApplication(platform, publicClient);
    try {
      const tokens = await tokensOf(await signInByOwnCallback(publicApp, new KeycloakUser(alice)));
      expect((await publicApp.get('/me', tokens.access_token)).status).toBe(200);
      const refreshed = await publicApp.post('/api/auth/v2/token', { refresh_token: tokens.refresh_token });
      expect(refreshed.status).toBe(200);
    } finally {
      await publicApp.close();
    }
  });
});
