import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, platforms, startApplication } from './application.js';
import { type BrokerApplication, brokerIssuer, startBroker } from './broker-application.js';
import { signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { OwnRealm } from './own-realm.js';
import { confidentialClient, publicClient } from './realm.js';

const [express, fastify] = platforms;

describe('the exchange of an access token of Keycloak', () => {
  let realm: OwnRealm;
  let app: BrokerApplication;
  let ofOurClient: Application;
  let ofAnotherClient: Application;

  beforeAll(async () => {
    realm = await OwnRealm.create();
    const { discoveryUrl } = realm;
    app = await startBroker(express, realm, { audience: 'quickstart-api' });
    ofOurClient = await startApplication(fastify, confidentialClient, { discoveryUrl });
    ofAnotherClient = await startApplication(fastify, publicClient, { discoveryUrl });
  });

  afterAll(async () => {
    await Promise.all([app, ofOurClient, ofAnotherClient].map((each) => each.close()));
    await realm.remove();
  });

  /** Keycloak's own tokens, as a client holds them that signs in there without a broker. */
  async function keycloakTokens(at: Application, ...roles: string[]) {
    const user = await realm.addUser(...roles);
    return { user, ...(await tokensOf(await signInByOwnCallback(at, new KeycloakUser(user)))) };
  }

  const exchange = (subjectToken: string) =>
    app.post('/api/auth/v2/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });

  it('gives a token of the application with the roles of the user, for no longer, and none to refresh', async () => {
    const subject = await keycloakTokens(ofOurClient, 'admin');

    const tokens = await tokensOf(await exchange(subject.access_token));

    const [theirs, ours] = [decodeJwt(subject.access_token), decodeJwt(tokens.access_token)];
    expect(ours).toMatchObject({ iss: brokerIssuer, sub: theirs.sub, roles: expect.arrayContaining(['admin']) });
    expect(ours.exp).toBeLessThanOrEqual(theirs.exp!);
    expect(tokens).not.toHaveProperty('refresh_token');
    expect((await app.get('/realm-role', tokens.access_token)).status).toBe(200);
    expect((await app.get('/me', subject.access_token)).status).toBe(401);
  });

  it('is refused once Keycloak has ended the session, though the token has not expired', async () => {
    const { user, access_token } = await keycloakTokens(ofOurClient);
    await realm.endSessions(user);

    expect((await exchange(access_token)).status).toBe(400);
  });

  it("is refused for another client's token", async () => {
    const { access_token } = await keycloakTokens(ofAnotherClient);

    expect((await exchange(access_token)).status).toBe(400);
  });

  it.each(['id_token', 'refresh_token'] as const)('is refused for the %s', async (kind) => {
    const tokens = await keycloakTokens(ofOurClient);

    expect((await exchange(tokens[kind])).status).toBe(400);
  });
});
