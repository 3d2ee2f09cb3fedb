import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { clientCredentials } from '../fixtures/client-credentials.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { deviceIn, expectOAuthError, json } from '../fixtures/responses.js';
import { newRefreshToken } from '../fixtures/sign-in-at-callback.js';

const deviceGrantType = 'urn:ietf:params:oauth:grant-type:device_code';
const exchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange';

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ rotateRefreshTokens: false });
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('the token endpoint, on $name', (adapter) => {
  let app: RunningApplication;
  let refreshToken: string;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
    refreshToken = await newRefreshToken(app);
  });
  afterAll(() => app.close());

  const post = (init: RequestInit) => app.fetch('/auth/v2/token', init);

  describe.each([
    { encoding: 'a form', encode: form },
    { encoding: 'JSON', encode: json },
  ])('takes $encoding', ({ encode }) => {
    it.each(['refresh_token', 'refresh-token'])('with %s alone', async (name) => {
      const response = await post(encode({ [name]: refreshToken }));
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(await response.json()).toMatchObject({ access_token: expect.any(String), token_type: 'Bearer' });
    });

    it.each(['refresh_token', 'refresh-token'])('with %s and its grant_type', async (name) => {
      const response = await post(encode({ grant_type: 'refresh_token', [name]: refreshToken }));
      expect(response.status).toBe(200);
      expect(op.requests('token').at(-1)?.form).toMatchObject({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      });
    });

    it.each(['device_code', 'device-code'])('with %s, alone or with its grant_type', async (name) => {
      const { device_code: deviceCode } = await deviceIn(await app.fetch('/auth/v2/device', { method: 'POST' }));
      await expectOAuthError(await post(encode({ [name]: deviceCode })), 400, 'authorization_pending');
      const withType = await post(encode({ grant_type: deviceGrantType, [name]: deviceCode }));
      await expectOAuthError(withType, 400, 'authorization_pending');
      expect(op.requests('token').at(-1)?.form).toMatchObject({
        grant_type: deviceGrantType,
        device_code: deviceCode,
      });
    });

    it.each([
      { grant_type: 'authorization_code', 'refresh-token': 'r' },
      { grant_type: 'refresh_token', code: 'c' },
      { grant_type: 'refresh_token', 'device-code': 'd' },
      { grant_type: deviceGrantType, refresh_token: 'r' },
    ])('but not where grant_type and credential disagree: %j', async (fields) => {
      const { error_description: text } = await expectOAuthError(await post(encode(fields)), 400, 'invalid_request');
      expect(text).toContain('contradict');
      expect(op.requests('token')).toHaveLength(0);
    });

    it.each([
      { code: 'c', refresh_token: 'r' },
      { refresh_token: 'r', device_code: 'd' },
      { code: 'c', 'device-code': 'd' },
      { refresh_token: 'r', 'refresh-token': 'r' },
    ])('but not two credentials: %j', async (fields) => {
      const { error_description: text } = await expectOAuthError(await post(encode(fields)), 400, 'invalid_request');
      for (const name of Object.keys(fields)) expect(text).toContain(name);
      expect(op.requests('token')).toHaveLength(0);
    });

    it.each(['password', 'client_credentials', exchangeGrantType, 'REFRESH_TOKEN'])(
      'but not the grant %s',
      async (grantType) => {
        const response = await post(encode({ grant_type: grantType, refresh_token: 'r', subject_token: 's' }));
        await expectOAuthError(response, 400, 'unsupported_grant_type');
        expect(op.requests('token')).toHaveLength(0);
      },
    );

    it.each([{}, { grant_type: 'refresh_token' }, { refresh_token: '' }, { unknown: 'x' }])(
      'but not without a credential: %j',
      async (fields) => {
        await expectOAuthError(await post(encode(fields)), 400, 'invalid_request');
      },
    );

    it('and takes an empty grant_type, or another credential that is empty, as left out', async () => {
      const fields = { grant_type: '', code: '', device_code: '', refresh_token: refreshToken };
      expect((await post(encode(fields))).status).toBe(200);
    });

    it('and ignores parameters it does not know', async () => {
      const fields = { refresh_token: refreshToken, resource: 'urn:x', padding: 'x'.repeat(10_000) };
      expect((await post(encode(fields))).status).toBe(200);
      expect(op.requests('token').at(-1)?.form).not.toHaveProperty('padding');
    });

    it('and ignores client authentication that is sent along', async () => {
      const fields = {
        refresh_token: refreshToken,
        client_id: 'somebody',
        client_secret: 'something',
        client_assertion: 'x',
      };
      const { headers, ...init } = encode(fields);
      const response = await post({
        ...init,
        headers: { ...(headers as Record<string, string>), authorization: `Basic ${btoa('somebody:something')}` },
      });
      expect(response.status).toBe(200);
      const asked = op.requests('token').at(-1)!;
      expect(clientCredentials(asked)).toEqual({ method: 'client_secret_basic', ...op.clients.confidential });
      expect(JSON.stringify(asked.form)).not.toContain('some');
    });
  });

  it('ignores a bearer token sent along, too: nobody is authenticated here', async () => {
    const response = await post({
      ...form({ refresh_token: 'unknown' }),
      headers: { authorization: 'Bearer nonsense' },
    });
    await expectOAuthError(response, 400, 'invalid_grant');
  });

  it('passes on the error of the provider with its own code', async () => {
    const { error_description: text } = await expectOAuthError(
      await post(form({ refresh_token: 'unknown' })),
      400,
      'invalid_grant',
    );
    expect(text).toBe('grant request is invalid');
  });
});
