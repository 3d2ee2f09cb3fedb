import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer, form } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

let op: TestOp;
let app: VerifyingApplication;
beforeAll(async () => {
  op = await startOp();
  app = await startVerifyingApplication(op, { audience: undefined });
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(() => op.reset());

const REFUSED = '401 The token is not an access token, but an ID, refresh or logout token.';

describe('an ID token', () => {
  it('from a device flow or a refresh, which has no nonce, is no access token', async () => {
    const device = (await (await app.fetch('/auth/v2/device', { method: 'POST' })).json()) as Record<string, string>;
    await op.approveDevice(device['user_code']!);
    const answer = await app.fetch('/auth/v2/token', form({ device_code: device['device_code']! }));
    const tokens = (await answer.json()) as Record<string, string>;
    expect(await app.verdict(tokens['id_token']!)).toBe(REFUSED);

    const refreshed = await app.fetch('/auth/v2/token', form({ refresh_token: tokens['refresh_token']! }));
    const { id_token: idToken } = (await refreshed.json()) as Record<string, string>;
    expect(await app.verdict(idToken!)).toBe(REFUSED);
    expect((await app.fetch('/auth/v2/userinfo', bearer(idToken!))).status).toBe(401);
  });

  it('that has nothing an access token would lack is refused for what it lacks itself', async () => {
    const bare = { aud: 'confidential-client', scope: undefined, client_id: undefined, azp: undefined };
    expect(await app.verdict(await op.mint(bare, { typ: 'JWT' }))).toBe(REFUSED);
  });
});

describe('an access token for the client itself', () => {
  const forClient = { aud: 'confidential-client', scope: undefined, client_id: undefined };

  it.each([
    ['its header says so', {}, { typ: 'at+jwt' }],
    ['Keycloak says so', { typ: 'Bearer' }, { typ: 'JWT' }],
    ['it has a scope', { scope: 'openid' }, { typ: 'JWT' }],
    ['it has scopes as Entra ID names them', { scp: 'access' }, { typ: 'JWT' }],
    ['it names the client', { client_id: 'confidential-client' }, { typ: 'JWT' }],
  ])('is accepted where %s', async (_, claims, header) => {
    expect(await app.verdict(await op.mint({ ...forClient, ...claims }, header))).toBe('accepted');
  });

  it('is refused where it is bound to a key of its sender', async () => {
    expect(await app.verdict(await op.mint({ cnf: { jkt: 'x' } }))).toMatch(/^401 The token is bound to a key/);
  });
});
