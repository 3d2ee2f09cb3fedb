import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platforms } from './application.js';
import { type BrokerApplication, sidOf, signIn, startBroker, upstreamRefreshes } from './broker-application.js';
import { tokensOf } from './existing-client.js';
import { OwnRealm, type OwnUser } from './own-realm.js';

const [, fastify] = platforms;

describe('a refresh at Keycloak in broker mode', () => {
  let realm: OwnRealm;
  let app: BrokerApplication;

  beforeAll(async () => {
    realm = await OwnRealm.create();
    app = await startBroker(fastify, realm);
  });

  afterAll(async () => {
    await app.close();
    await realm.remove();
  });

  it('takes away a role that Keycloak has taken away', async () => {
    const user = await realm.addUser('admin', 'user');
    const before = await signIn(app, user);
    await realm.takeRoles(user, 'admin');

    const after = await tokensOf(await app.refresh(before.refresh_token));

    expect((await app.get('/realm-role', before.access_token)).status).toBe(200);
    expect((await app.get('/realm-role', after.access_token)).status).toBe(403);
    expect(decodeJwt(after.access_token)['roles']).toContain('user');
  });

  it('brings a role that Keycloak has given', async () => {
    const user = await realm.addUser('user');
    const before = await signIn(app, user);
    await realm.giveRoles(user, 'admin');

    const after = await tokensOf(await app.refresh(before.refresh_token));

    expect((await app.get('/realm-role', before.access_token)).status).toBe(403);
    expect((await app.get('/realm-role', after.access_token)).status).toBe(200);
  });

  it.each<[string, (user: OwnUser) => Promise<void>]>([
    ['has disabled the user', (user) => realm.disable(user)],
    ['has deleted the user', (user) => realm.delete(user)],
    ['has ended the session', (user) => realm.endSessions(user)],
  ])('ends the session where Keycloak %s', async (_, end) => {
    const user = await realm.addUser();
    const tokens = await signIn(app, user);
    await end(user);

    const refused = await app.refresh(tokens.refresh_token);

    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' });
    const sid = sidOf(tokens);
    expect(app.events).toContainEqual({ type: 'ended', sid, reason: 'upstream_ended' });

    const asked = upstreamRefreshes(app);
    expect((await app.refresh(tokens.refresh_token)).status).toBe(400);
    expect(upstreamRefreshes(app)).toBe(asked);
  });

  it('ends an offline session where Keycloak has', async () => {
    const user = await realm.addUser();
    const tokens = await signIn(app, user, { offline_access: 'true' });
    const { refresh_token } = await tokensOf(await app.refresh(tokens.refresh_token));
    await realm.endOfflineSessions(user);

    expect((await app.refresh(refresh_token)).status).toBe(400);
    expect(app.events).toContainEqual({ type: 'ended', sid: sidOf(tokens), reason: 'upstream_ended' });
  });

  it('goes on with an offline session when the session it began in has ended', async () => {
    const user = await realm.addUser();
    const online = await signIn(app, user);
    const offline = await signIn(app, user, { offline_access: 'true' });
    await realm.endSessions(user);

    expect((await app.refresh(online.refresh_token)).status).toBe(400);
    expect((await app.refresh(offline.refresh_token)).status).toBe(200);
  });
});
