import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp } from '../../lib/testing/test-idp/index.js';
import { Wire } from './wire.js';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp({ signingAlgorithm: 'ES256' });
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

const origin = 'https://app.example.org';
const send = (path: string, method: string, headers: Record<string, string> = {}) =>
  fetch(`${idp.issuer}${path}`, { method, headers: { origin, ...headers }, redirect: 'manual' });
const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

/** What a browser asks before a page may send a request that no form could (Fetch §4.8). */
const preflight = (path: string, method: string) =>
  send(path, 'OPTIONS', {
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type',
  });

describe('an application in a page of another origin', () => {
  it.each([
    ['/.well-known/openid-configuration', 'GET'],
    ['/jwks', 'GET'],
    ['/token', 'POST'],
    ['/userinfo', 'GET'],
    ['/revoke', 'POST'],
  ])('may ask at %s, and read the answer, be it an error', async (path, method) => {
    const asked = await preflight(path, method);
    expect([asked.status, allowed(asked)]).toEqual([204, '*']);
    expect(asked.headers.get('access-control-allow-methods')!.split(', ')).toContain(method);
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    expect(idp.requests()).toEqual([]);

    const answer = await send(path, method);
    expect(allowed(answer)).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')).toBe('www-authenticate');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    idp.faults.once('all', { status: 500 });
    expect(allowed(await send(path, method))).toBe('*');
    expect(idp.requests().map(({ method: sent }) => sent)).toEqual([method, method]);
  });

  it.each(['/authorize', '/introspect', '/device_authorization', '/device', '/logout'])(
    'has nothing to read at %s',
    async (path) => {
      const asked = await preflight(path, 'POST');
      expect([asked.status, allowed(asked)]).toEqual([405, null]);
      expect(allowed(await send(path, 'GET'))).toBeNull();
    },
  );

  it('uses up no fault by the question whether it may ask', async () => {
    idp.faults.once('token', { status: 503 });
    expect((await preflight('/token', 'POST')).status).toBe(204);
    expect((await send('/token', 'POST')).status).toBe(503);
  });
});

it('who is no page gets no headers for pages, and OPTIONS by itself is no method', async () => {
  const { headers } = await new Wire(idp).refresh('unknown');
  expect(headers.has('access-control-allow-origin')).toBe(false);
  expect((await send('/token', 'OPTIONS')).status).toBe(405);
});
