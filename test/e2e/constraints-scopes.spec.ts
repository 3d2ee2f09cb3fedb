import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { startConstrainedRoutes, type ConstrainedRoutes } from '../fixtures/constrained-routes.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

const routes = {
  one: { scopes: 'orders:read' },
  'as-string': { scopes: 'orders:read  orders:write' },
  'as-list': { scopes: ['orders:read', 'orders:write'] },
  'as-mixture': { scopes: ['orders:read orders:write', 'profile'] },
  none: { scopes: [] },
};

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('scopes, on $name', (adapter) => {
  let api: ConstrainedRoutes<keyof typeof routes>;
  beforeAll(async () => {
    api = await startConstrainedRoutes(adapter, op, routes);
  });
  afterAll(() => api.close());

  it.each([
    ['scope, separated by spaces (RFC 8693)', { scope: 'openid orders:read orders:write' }],
    ['scp as a string (Entra ID)', { scope: undefined, scp: 'orders:read orders:write' }],
    ['scp as an array (Okta)', { scope: undefined, scp: ['orders:read', 'orders:write'] }],
    ['scope and scp together', { scope: 'orders:read', scp: ['orders:write'] }],
  ])('are found in %s', async (_where, claims) => {
    expect(await api.allows('as-list', claims)).toBe(true);
    expect(await api.allows('as-string', claims)).toBe(true);
  });

  it.each(['as-string', 'as-list'] as const)(
    'must all be there (%s), and those which are not are named',
    async (route) => {
      const refused = await api.ask(route, { scope: 'orders:write' });
      expect(refused).toEqual({ status: 403, message: 'Token missing required scopes: orders:read' });
    },
  );

  it('may be listed in strings and arrays at once', async () => {
    expect(await api.ask('as-mixture', { scope: 'orders:read' })).toEqual({
      status: 403,
      message: 'Token missing required scopes: orders:write, profile',
    });
  });

  it.each([
    ['no scope at all', { scope: undefined }],
    ['an empty scope', { scope: '' }],
    ['a scope that only begins alike', { scope: 'orders:read-all' }],
    ['a scope in other case', { scope: 'Orders:Read' }],
    ['scopes separated by commas', { scope: 'openid,orders:read' }],
    ['a scope that is a number', { scope: 1 }],
    ['a scope that is an object', { scope: { 'orders:read': true } }],
    ['scp of objects', { scope: undefined, scp: [{ name: 'orders:read' }] }],
  ])('are not met by %s', async (_what, claims) => {
    expect(await api.ask('one', claims)).toEqual({
      status: 403,
      message: 'Token missing required scopes: orders:read',
    });
  });

  it('an empty list demands none', async () => {
    expect(await api.allows('none', { scope: undefined })).toBe(true);
  });
});
