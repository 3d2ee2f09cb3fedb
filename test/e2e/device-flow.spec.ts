import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { deviceIn, expectOAuthError, tokensIn } from '../fixtures/responses.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('the device flow, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const start = async () => deviceIn(await app.fetch('/auth/v2/device', { method: 'POST' }));
  const poll = (deviceCode: string) => app.fetch('/auth/v2/token', form({ 'device-code': deviceCode }));

  it('waits for the person, then answers tokens that the guards accept', async () => {
    const device = await start();
    await expectOAuthError(await poll(device.device_code), 400, 'authorization_pending');
    await op.approveDevice(device.user_code, 'bob');

    const tokens = await tokensIn(await poll(device.device_code));
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      id_token: expect.any(String),
      scope: expect.stringContaining('openid profile email'),
      expires_in: 3_600,
    });
    const user = await app.fetch('/auth/v2/userinfo', bearer(tokens.access_token));
    expect(await user.json()).toMatchObject({ sub: 'bob', username: 'bob' });
  });

  it('can be approved at the link that holds the code', async () => {
    const device = await start();
    expect(device.verification_uri_complete).toBe(`${device.verification_uri}?user_code=${device.user_code}`);
    await op.approveDevice(device.user_code);
    expect((await poll(device.device_code)).status).toBe(200);
  });

  it('ends with access_denied where the person says no', async () => {
    const device = await start();
    await op.denyDevice(device.user_code);
    await expectOAuthError(await poll(device.device_code), 400, 'access_denied');
  });

  it('redeems a device code once', async () => {
    const device = await start();
    await op.approveDevice(device.user_code);
    expect((await poll(device.device_code)).status).toBe(200);
    await expectOAuthError(await poll(device.device_code), 400, 'invalid_grant');
  });

  it('tells a client that polls too often to slow down', async () => {
    const device = await start();
    op.faults.once('token', fault.status(400, { error: 'slow_down' }));
    await expectOAuthError(await poll(device.device_code), 400, 'slow_down');
  });

  it('keeps the logins of two devices apart', async () => {
    const [first, second] = [await start(), await start()];
    await op.approveDevice(second.user_code, 'bob');
    await expectOAuthError(await poll(first.device_code), 400, 'authorization_pending');
    await op.approveDevice(first.user_code, 'alice');
    for (const [device, sub] of [
      [first, 'alice'],
      [second, 'bob'],
    ] as const) {
      const { access_token: token } = await tokensIn(await poll(device.device_code));
      expect(await (await app.fetch('/auth/v2/userinfo', bearer(token))).json()).toMatchObject({ sub });
    }
  });

  it('does not take an ID token that is not valid', async () => {
    const foreign = await op.mint({ aud: 'other-client', azp: undefined } as never, { typ: 'JWT' });
    op.faults.once('token', fault.status(200, { access_token: 'a', token_type: 'Bearer', id_token: foreign }));
    await expectOAuthError(await poll('d'), 502, 'server_error');
  });

  it('goes on without an ID token', async () => {
    op.faults.once('token', fault.status(200, { access_token: 'a', token_type: 'Bearer' }));
    expect(await (await poll('d')).json()).toMatchObject({ access_token: 'a', expires_in: 180 });
  });
});

describe('a device code that has expired', () => {
  it('is told apart, so that the client starts again', async () => {
    const impatient = await startOp({ deviceCodeTtl: 1 });
    const app = await startApplication(adapters[0], { auth: clientOptions(impatient) });
    const device = await deviceIn(await app.fetch('/auth/v2/device', { method: 'POST' }));
    expect(device.expires_in).toBe(1);
    impatient.faults.once('token', fault.status(400, { error: 'expired_token' }));
    const response = await app.fetch('/auth/v2/token', form({ device_code: device.device_code }));
    await expectOAuthError(response, 400, 'expired_token');
    await app.close();
    await impatient.close();
  });
});
