import type { LoggerService } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { type Application, platforms, startApplication } from './application.js';
import { signInByOwnCallback, tokensOf } from './existing-client.js';
import { KeycloakUser } from './keycloak-user.js';
import { alice, type Client, clientWithoutIss, confidentialClient, pkceClient } from './realm.js';

class Recorder implements LoggerService {
  readonly lines: string[] = [];
  readonly log = (...parts: unknown[]) => void this.lines.push(parts.join(' '));
  readonly warn = this.log;
  readonly error = this.log;
  readonly debug = this.log;
  readonly verbose = this.log;
}

async function withApplication(client: Client, run: (app: Application, log: Recorder) => Promise<void>) {
  const log = new Recorder();
  const app = await startApplication(platforms[0], client, {}, log);
  try {
    await run(app, log);
  } finally {
    await app.close();
  }
}

describe("settings of the application's client at Keycloak", () => {
  it('may demand PKCE', () =>
    withApplication(pkceClient, async (app) => {
      const tokens = await tokensOf(await signInByOwnCallback(app, new KeycloakUser(alice)));
      expect((await app.get('/me', tokens.access_token)).status).toBe(200);
    }));

  it('are told to the operator where they drop iss, which Keycloak announces', () =>
    withApplication(clientWithoutIss, async (app, log) => {
      const response = await signInByOwnCallback(app, new KeycloakUser(alice));

      expect(response.status).toBe(400);
      expect(log.lines.join('\n')).toContain('Exclude Issuer From Authentication Response');
    }));

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'are told to the operator where the secret is another one, sent with %s',
    async (tokenEndpointAuthMethod) => {
      const clientSecret = 'not-the-secret-that-keycloak-knows-of';
      const client = { ...confidentialClient, clientSecret, tokenEndpointAuthMethod };
      await withApplication(client, async (app, log) => {
        const answers = [
          await signInByOwnCallback(app, new KeycloakUser(alice)),
          await app.post('/api/auth/v2/token', { refresh_token: 'any' }),
          await app.post('/api/auth/v2/device'),
        ];

        expect(answers.map(({ status }) => status)).toEqual([502, 502, 502]);
        expect(log.lines.some((line) => line.includes('clientSecret'))).toBe(true);
        expect(log.lines.join('\n')).not.toContain(clientSecret);
      });
    },
  );
});
