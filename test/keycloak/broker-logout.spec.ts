import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from './application.js';
import { type BrokerApplication, startBroker } from './broker-application.js';
import { signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { OwnRealm } from './own-realm.js';

describe.each(platforms)('a logout at Keycloak in broker mode, on $platform', (platform) => {
  let realm: OwnRealm;
  let app: BrokerApplication;

  beforeAll(async () => {
    realm = await OwnRealm.create();
    app = await startBroker(platform, realm);
  });

  afterAll(async () => {
    await app.close();
    await realm.remove();
  });

  const logout = (accessToken: string, headers: Record<string, string> = {}) =>
    fetch(`${app.url}/api/auth/v2/logout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, ...headers },
      body: new URLSearchParams({ post_logout_redirect_uri: `${app.url}/bye`, state: 'mine' }),
      redirect: 'manual',
    });

  const loginAddress = () => {
    const query = new URLSearchParams({ redirect_uri: `${app.url}/api/auth/v2/callback` });
    return `${app.url}/api/auth/v2/login?${query}`;
  };

  it('ends the session there without a question, and leads back: the next login asks for the password', async () => {
    const user = await realm.addUser();
    const person = new KeycloakUser(user);
    const tokens = await tokensOf(await signInByOwnCallback(app, person));
    expect(await realm.sessions(user)).toHaveLength(1);

    const leading = await logout(tokens.access_token);
    expect(leading.status).toBe(303);
    const until = (location: string) => location.startsWith(`${app.url}/bye`);
    const landing = await person.browser.follow(leading.headers.get('location')!, { until });

    expect(landing.url).toBe(`${app.url}/bye?state=mine`);
    expect(await realm.sessions(user)).toEqual([]);
    expect((await app.refresh(tokens.refresh_token)).status).toBe(400);
    const again = await person.browser.follow(loginAddress());
    expect(await again.response.text()).toContain('kc-form-login');
  });

  it('ends the session at Keycloak also where the browser never goes there', async () => {
    const user = await realm.addUser();
    const { access_token } = await tokensOf(await signInByOwnCallback(app, new KeycloakUser(user)));

    const told = await logout(access_token, { accept: 'application/json' });

    expect(told.status).toBe(200);
    expect(await told.json()).toEqual({ logout_url: expect.stringContaining(`${realm.issuer}/`) });
    expect(await realm.sessions(user)).toEqual([]);
  });

  it('ends an offline session, which would outlive a logout at Keycloak, and then the session there', async () => {
    const user = await realm.addUser();
    const person = new KeycloakUser(user);
    const tokens = await tokensOf(await signInByOwnCallback(app, person, { offline_access: 'true' }));
    expect(await realm.offlineSessions(user)).toHaveLength(1);

    const leading = await logout(tokens.access_token);
    expect(await realm.offlineSessions(user)).toEqual([]);

    await person.browser.follow(leading.headers.get('location')!, { until: (location) => location.includes('/bye') });
    expect(await realm.sessions(user)).toEqual([]);
    expect((await app.refresh(tokens.refresh_token)).status).toBe(400);
  });
});
