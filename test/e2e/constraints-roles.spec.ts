import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { startConstrainedRoutes, type ConstrainedRoutes } from '../fixtures/constrained-routes.js';
import { clients, startOp, type TestOp } from '../fixtures/op/index.js';

const routes = { editors: { roles: 'editor' }, both: { roles: ['editor', 'admin'] } };
const { clientId } = clients.confidential;

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('roles, on $name', (adapter) => {
  async function withRoutes(
    roleSources: string[] | undefined,
    test: (api: ConstrainedRoutes<keyof typeof routes>) => Promise<void>,
    client: string = clientId,
  ): Promise<void> {
    const api = await startConstrainedRoutes(adapter, op, routes, { roleSources, clientId: client });
    await test(api).finally(() => api.close());
  }

  describe('by default', () => {
    let api: ConstrainedRoutes<keyof typeof routes>;
    beforeAll(async () => {
      api = await startConstrainedRoutes(adapter, op, routes);
    });
    afterAll(() => api.close());

    it.each([
      ['realm_access.roles', { realm_access: { roles: ['editor'] } }],
      ["resource_access of the application's own client", { resource_access: { [clientId]: { roles: ['editor'] } } }],
      ['groups', { groups: ['editor'] }],
      ['roles', { roles: ['editor'] }],
      ['a claim that is one role, not a list', { roles: 'editor' }],
    ])('are found in %s', async (_source, claims) => {
      expect(await api.allows('editors', claims)).toBe(true);
    });

    it.each([
      ["another client's resource_access", { resource_access: { 'other-client': { roles: ['editor'] } } }],
      ['a claim of another name', { role: 'editor', authorities: ['editor'] }],
      ['a text that holds the role', { roles: 'admin editor' }],
      ['names of members', { roles: { editor: true } }],
      ['values that are no text', { roles: [['editor'], { name: 'editor' }] }],
      ['nothing', {}],
    ])('are not found in %s', async (_source, claims) => {
      expect(await api.ask('editors', claims)).toEqual({
        status: 403,
        message: 'Token missing required roles: editor',
      });
    });

    it('are the union of all sources, and all demanded ones must be there', async () => {
      expect(await api.allows('both', { groups: ['editor'], realm_access: { roles: ['admin'] } })).toBe(true);
      expect(await api.ask('both', { groups: ['editor'] })).toMatchObject({
        message: 'Token missing required roles: admin',
      });
    });
  });

  it('a client id with dots finds its own roles', () =>
    withRoutes(
      undefined,
      async (api) => {
        const own = { azp: 'my.web.client', resource_access: { 'my.web.client': { roles: ['editor'] } } };
        expect(await api.allows('editors', own)).toBe(true);
      },
      'my.web.client',
    ));

  it("'*' finds the roles of every client, and nothing else", () =>
    withRoutes(['*'], async (api) => {
      expect(await api.allows('editors', { resource_access: { 'other-client': { roles: ['editor'] } } })).toBe(true);
      expect(await api.allows('editors', { roles: ['editor'] })).toBe(false);
    }));

  it('roleSources replaces the defaults; {clientId} stands for the client', () =>
    withRoutes(['https://example.org/roles', 'clients.{clientId}'], async (api) => {
      expect(await api.allows('editors', { 'https://example.org/roles': ['editor'] })).toBe(true);
      expect(await api.allows('editors', { clients: { [clientId]: 'editor' } })).toBe(true);
      expect(await api.allows('editors', { clients: { '{clientId}': 'editor' } })).toBe(false);
      expect(await api.allows('editors', { roles: ['editor'], realm_access: { roles: ['editor'] } })).toBe(false);
    }));

  it('no role sources: no roles', () =>
    withRoutes([], async (api) => {
      expect(await api.allows('editors', { roles: ['editor'] })).toBe(false);
    }));
});
