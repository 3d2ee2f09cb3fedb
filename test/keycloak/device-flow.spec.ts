import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, platforms, startApplication } from './application.js';
import { KeycloakUser } from './keycloak-user.js';
import { alice, bob, clientWithoutIss, confidentialClient, issuer, publicClient } from './realm.js';
import { StandardClient } from './standard-client.js';

describe.each(platforms)('the device flow at Keycloak, on $platform', (platform) => {
  let app: Application;
  let client: StandardClient;

  beforeAll(async () => {
    app = await startApplication(platform, confidentialClient);
    client = new StandardClient(app);
  });

  afterAll(() => app.close());

  it('gives an offline session once the user has allowed the device', async () => {
    const device = await client.startDevice();
    expect(device).toMatchObject({ verification_uri: `${issuer}/device`, expires_in: 600, interval: 1 });
    await new KeycloakUser(alice).decideOnDevice(device.verification_uri_complete!, 'accept');

    const tokens = await client.pollDevice(device.device_code);

    expect(tokens.scope?.split(' ')).toContain('offline_access');
    expect((await app.get('/me', tokens.access_token)).status).toBe(200);
    expect(await client.refresh(tokens.refresh_token!)).toHaveProperty('access_token');
  });

  it('keeps a client waiting that asks at the interval, and slows down one that asks sooner', async () => {
    const device = await client.startDevice();
    await expect(client.pollDevice(device.device_code)).rejects.toMatchObject({ error: 'authorization_pending' });
    await expect(client.pollDevice(device.device_code)).rejects.toMatchObject({ error: 'slow_down' });

    await new KeycloakUser(bob).typeDeviceCode(device.verification_uri, device.user_code);
    await delay(device.interval! * 1_000);

    expect(await client.pollDevice(device.device_code)).toHaveProperty('refresh_token');
  });

  it('tells that the user refused', async () => {
    const device = await client.startDevice();
    await new KeycloakUser(bob).decideOnDevice(device.verification_uri_complete!, 'cancel');

    await expect(client.pollDevice(device.device_code)).rejects.toMatchObject({ status: 400, error: 'access_denied' });
  });

  it('accepts both spellings of device_code', async () => {
    const answers = [
      await app.post('/api/auth/v2/token', { device_code: 'unknown' }),
      await app.post('/api/auth/v2/token', { 'device-code': 'unknown' }),
    ];

    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
    }
  });

  it('works for a public client', async () => {
    const publicApp = await startApplication(platform, publicClient);
    try {
      const device = (await (await publicApp.post('/api/auth/v2/device')).json()) as Record<string, string>;
      await new KeycloakUser(alice).decideOnDevice(device['verification_uri_complete']!, 'accept');
      const tokens = await publicApp.post('/api/auth/v2/token', { 'device-code': device['device_code']! });
      expect(tokens.status).toBe(200);
    } finally {
      await publicApp.close();
    }
  });

  it('passes on that Keycloak does not allow it for the client', async () => {
    const other = await startApplication(platform, clientWithoutIss);
    try {
      const response = await other.post('/api/auth/v2/device');
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'unauthorized_client' });
    } finally {
      await other.close();
    }
  });
});
