import { calculateJwkThumbprint, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

const path = '/auth/v2/.well-known/jwks.json';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

const keysIn = async (response: Response) => ((await response.json()) as { keys: JWK[] }).keys;

describe.each(adapters)('the JWKS of broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const ask = (etag?: string) =>
    app.fetch(path, etag === undefined ? undefined : { headers: { 'if-none-match': etag } });

  it('holds the public members of the key that signs, and nothing private', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const [key, ...others] = await keysIn(response);
    expect(others).toEqual([]);
    expect(key).toEqual({
      kty: 'RSA',
      n: expect.any(String),
      e: 'AQAB',
      kid: await calculateJwkThumbprint(key!),
      use: 'sig',
      alg: 'RS256',
    });
    expect(decoded((await signIn(app)).access_token).header.kid).toBe(key!.kid);
  });

  it('may be kept for five minutes', async () => {
    const { headers } = await ask();
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.has('pragma')).toBe(false);
  });

  it('is not sent again to who has it', async () => {
    const etag = (await ask()).headers.get('etag')!;
    expect(etag).toMatch(/^"[A-Za-z0-9_-]+"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await ask(known);
      expect(response.status).toBe(304);
      expect(await response.text()).toBe('');
      expect(response.headers.get('etag')).toBe(etag);
      expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    }
    expect((await ask('"other"')).status).toBe(200);
  });

  it('is sent again when a key has been added', async () => {
    const etag = (await ask()).headers.get('etag')!;
    const { kid } = await app.broker.rotateSigningKey();
    const response = await ask(etag);
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).not.toBe(etag);
    expect((await keysIn(response)).map((key) => key.kid)).toContain(kid);
  });

  it('is open to everybody where all routes are guarded', async () => {
    const guarded = await startBroker(adapter, op, { auth: { globalGuard: true } });
    expect((await guarded.fetch(path)).status).toBe(200);
    await guarded.close();
  });

  it.each([
    [{ prefix: '/api' }, `/api${path}`],
    [{ endpoints: { jwks: '/keys' } }, '/keys'],
    [{ prefix: '/api', brokerJwksPath: '/jwks.json' }, '/api/jwks.json'],
  ])('is where the registration puts it: %j', async (auth, elsewhere) => {
    const moved = await startBroker(adapter, op, { auth });
    expect(await keysIn(await moved.fetch(elsewhere))).toHaveLength(1);
    expect((await moved.fetch(path)).status).toBe(404);
    await moved.close();
  });

  it('can be left out', async () => {
    const without = await startBroker(adapter, op, { auth: { endpoints: { jwks: false } } });
    expect((await without.fetch(path)).status).toBe(404);
    expect(await without.verdict((await signIn(without)).access_token)).toBe('accepted');
    await without.close();
  });

  it('is 404 in pass-through mode, and so is the end of a session', async () => {
    const passThrough = await startApplication(adapter, { auth: clientOptions(op) });
    await expectOAuthError(await passThrough.fetch(path), 404, 'invalid_request');
    await expectOAuthError(await passThrough.fetch('/auth/v2/logout', { method: 'POST' }), 404, 'invalid_request');
    await passThrough.close();
  });
});
