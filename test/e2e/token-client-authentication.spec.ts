import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type ApplicationOptions } from '../fixtures/application.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { clientCredentials } from '../fixtures/client-credentials.js';
import { fault, startOp, type TestClient, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway } from '../fixtures/responses.js';
import { newRefreshToken } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const wrongSecret = 'this-is-not-the-secret-0123456789-abcdefgh';

/** What clients post; how our application then authenticates itself has nothing to do with the adapter. */
async function withApplication<T>(
  options: Partial<OidcAuthOptions>,
  use: (app: Awaited<ReturnType<typeof startApplication>>) => Promise<T>,
  logger?: ApplicationOptions['logger'],
): Promise<T> {
  const auth = { ...clientOptions(op), ...options };
  const app = await startApplication(adapters[0], { auth, ...(logger === undefined ? {} : { logger }) });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

describe('our client authentication at the provider', () => {
  const announced = (methods: string[] | undefined) =>
    fault.json((body) => ({ ...body, token_endpoint_auth_methods_supported: methods }));

  /** One login and refresh as this client; how it authenticated itself at each request to the token endpoint. */
  const authentications = (client: TestClient, options: Partial<OidcAuthOptions> = {}) =>
    withApplication({ clientSecret: undefined, ...client, ...options }, async (app) => {
      const response = await app.fetch('/auth/v2/token', form({ refresh_token: await newRefreshToken(app) }));
      expect(response.status).toBe(200);
      return op.requests('token').map(clientCredentials);
    });

  it('is by Basic where the provider lists it', async () => {
    const used = { method: 'client_secret_basic', ...op.clients.confidential };
    expect(await authentications(op.clients.confidential)).toEqual([used, used]);
  });

  it('is by Basic where the provider lists nothing (RFC 8414 §2)', async () => {
    op.faults.set('discovery', announced(undefined));
    const used = { method: 'client_secret_basic', ...op.clients.confidential };
    expect(await authentications(op.clients.confidential)).toEqual([used, used]);
  });

  it('is by form where the provider does not list Basic', async () => {
    op.faults.set('discovery', announced(['private_key_jwt', 'client_secret_post']));
    const used = { method: 'client_secret_post', ...op.clients.post };
    expect(await authentications(op.clients.post)).toEqual([used, used]);
    expect(op.requests('token')[0]?.headers.authorization).toBeUndefined();
  });

  it('is by client_id alone without a secret', async () => {
    const used = { method: 'none', ...op.clients.public };
    expect(await authentications(op.clients.public)).toEqual([used, used]);
    expect(op.requests('token')[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    { tokenEndpointAuthMethod: 'client_secret_post', client: 'post', listed: ['client_secret_basic'] },
    { tokenEndpointAuthMethod: 'client_secret_basic', client: 'confidential', listed: ['client_secret_post'] },
    { tokenEndpointAuthMethod: 'none', client: 'public', listed: ['client_secret_basic'] },
  ] as const)('is $tokenEndpointAuthMethod where the options say so', async ({ client, listed, ...options }) => {
    op.faults.set('discovery', announced([...listed]));
    const used = { method: options.tokenEndpointAuthMethod, ...op.clients[client] };
    expect(await authentications(op.clients[client], options)).toEqual([used, used]);
  });

  it('carries any secret unharmed', async () => {
    const odd = 'a:b%c&d=e+f g/ü-0123456789-0123456789';
    for (const tokenEndpointAuthMethod of ['client_secret_basic', 'client_secret_post'] as const) {
      op.resetRequests();
      await withApplication({ clientSecret: odd, tokenEndpointAuthMethod }, (app) =>
        app.fetch('/auth/v2/token', form({ refresh_token: 'r' })),
      );
      expect(op.requests('token').map(clientCredentials)).toEqual([
        { method: tokenEndpointAuthMethod, clientId: op.clients.confidential.clientId, clientSecret: odd },
      ]);
    }
  });

  it('goes for the device flow, too', async () => {
    await withApplication({}, (app) => app.fetch('/auth/v2/device', { method: 'POST' }));
    expect(op.requests('device').map(clientCredentials)).toEqual([
      { method: 'client_secret_basic', ...op.clients.confidential },
    ]);
  });
});

describe.each([
  { method: 'client_secret_basic', client: 'confidential' },
  { method: 'client_secret_post', client: 'post' },
] as const)('a wrong client secret by $method', ({ method, client }) => {
  it.each(['/auth/v2/token', '/auth/v2/device'])(
    'is 502 at %s, and a clear line for the operator without the secret',
    async (path) => {
      const logger = new CapturingLogger();
      const { clientId } = op.clients[client];
      const options = { clientId, clientSecret: wrongSecret, tokenEndpointAuthMethod: method };
      const body = await withApplication(
        options,
        async (app) => expectBadGateway(await app.fetch(path, form({ refresh_token: 'some-refresh-token' }))),
        logger,
      );
      expect(body.error_description).toBe('The identity provider did not accept this application as its client.');
      expect(logger.text('error')).toMatch(
        /refused the client at http:\/\/127\.0\.0\.1:\d+\/\S+ \(invalid_client\): check clientId, clientSecret/,
      );
      for (const secret of [
        wrongSecret,
        btoa(wrongSecret),
        'some-refresh-token',
        op.requests('token').at(-1)?.headers.authorization,
      ]) {
        if (secret !== undefined) expect(logger.text() + JSON.stringify(body)).not.toContain(secret);
      }
    },
  );
});

it('a client that the provider does not know is 502, however the provider says so', async () => {
  await withApplication({}, async (app) => {
    const refused = { error: 'invalid_client', error_description: 'client not found' };
    for (const answer of [fault.status(400, refused), fault.status(401, refused)]) {
      op.faults.once('token', answer);
      await expectBadGateway(await app.fetch('/auth/v2/token', form({ refresh_token: 'r' })));
    }
  });
});
