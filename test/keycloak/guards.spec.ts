import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, platforms, startApplication } from './application.js';
import { signInByOwnCallback, type Tokens, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { alice, bob, confidentialClient, publicClient, type User } from './realm.js';

async function tokensFor(app: Application, user: User): Promise<Tokens> {
  return tokensOf(await signInByOwnCallback(app, new KeycloakUser(user)));
}

describe.each(platforms)('guards and tokens of Keycloak, on $platform', (platform) => {
  let app: Application;
  let strict: Application;
  let publicApp: Application;
  let ofAlice: Tokens;
  let ofBob: Tokens;

  beforeAll(async () => {
    app = await startApplication(platform, confidentialClient);
    strict = await startApplication(platform, confidentialClient, { audience: 'quickstart-api' });
    publicApp = await startApplication(platform, publicClient);
    ofAlice = await tokensFor(app, alice);
    ofBob = await tokensFor(app, bob);
  });

  afterAll(() => Promise.all([app, strict, publicApp].map((each) => each.close())));

  it.each(['/realm-role', '/client-role', '/claim', '/client-claim'])(
    'lets alice, who has the roles, into %s, and not bob',
    async (path) => {
      expect((await app.get(path, ofAlice.access_token)).status).toBe(200);

      const refused = await app.get(path, ofBob.access_token);
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    },
  );

  it('lets both in where the granted scopes suffice', async () => {
    expect((await app.get('/scope', ofAlice.access_token)).status).toBe(200);
    expect((await app.get('/scope', ofBob.access_token)).status).toBe(200);
  });

  it('names the scope that was not granted', async () => {
    const response = await app.get('/phone', ofAlice.access_token);

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ message: 'Token missing required scopes: phone' });
  });

  it('knows the user on an optional route, and nobody without a token', async () => {
    expect(await (await app.get('/maybe-me', ofBob.access_token)).json()).toEqual({ name: 'bob' });
    expect(await (await app.get('/maybe-me')).json()).toEqual({ name: 'anonymous' });
  });

  it.each(['id_token', 'refresh_token'] as const)('does not take the %s for an access token', async (kind) => {
    const response = await app.get('/me', ofAlice[kind]);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('accepts the audience that a mapper of the client adds', async () => {
    expect((await strict.get('/me', ofAlice.access_token)).status).toBe(200);
  });

  it("refuses another client's token, whose user has no role at this one", async () => {
    const { access_token } = await tokensFor(publicApp, bob);

    expect((await publicApp.get('/me', access_token)).status).toBe(200);
    expect((await app.get('/me', access_token)).status).toBe(401);
  });

  // Keycloak adds every client at which the user has a role to `aud`.
  it("refuses another client's token of any user where an audience is set", async () => {
    const { access_token } = await tokensFor(publicApp, alice);

    expect((await app.get('/me', access_token)).status).toBe(200);
    expect((await strict.get('/me', access_token)).status).toBe(401);
  });

  it("does not take another client's roles for its own", async () => {
    const { access_token } = await tokensFor(publicApp, alice);

    expect((await publicApp.get('/realm-role', access_token)).status).toBe(200);
    expect((await publicApp.get('/client-claim', access_token)).status).toBe(200);
    expect((await publicApp.get('/client-role', access_token)).status).toBe(403);
  });
});
