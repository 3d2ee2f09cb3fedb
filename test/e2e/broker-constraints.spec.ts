import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Auth, Claims, MemoryBrokerStore, OidcGuard, Roles, Scopes } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { decoded, revokedTokens, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

@Controller()
@UseGuards(OidcGuard)
class Routes {
  @Get('realm-admin')
  @Claims({ 'realm_access.roles': ['admin'] })
  realmAdmin() {}

  @Get('editor')
  @Claims({ 'resource_access.confidential-client.roles': 'editor' })
  editor() {}

  @Get('staff')
  @Claims({ groups: { anyOf: ['/staff', '/guests'] } })
  staff() {}

  @Get('by-function')
  @Claims({ 'realm_access.roles': (roles) => Array.isArray(roles) && roles.includes('admin') })
  byFunction() {}

  @Get('both-roles')
  @Roles('admin', 'editor')
  bothRoles() {}

  @Get('admin')
  @Roles('admin')
  admin() {}

  @Get('boss')
  @Roles('boss')
  boss() {}

  @Get('department')
  @Claims({ department: 'research' })
  department() {}

  @Get('profile')
  @Scopes('profile email')
  profile() {}

  @Get('orders')
  @Scopes('orders:read')
  orders() {}

  @Get('default')
  default() {}

  @Get('cleared')
  @Auth({ claims: {} })
  cleared() {}
}

describe.each(adapters)('constraints on tokens of ours, on $name', (adapter) => {
  let app: RunningBroker;
  let alice: string;
  let bob: string;
  beforeAll(async () => {
    await op.reset();
    app = await startBroker(adapter, op, { module: { controllers: [Routes] } });
    alice = (await signIn(app)).access_token;
    bob = (await signIn(app, { login_hint: 'bob' })).access_token;
  });
  afterAll(() => app.close());

  const status = async (route: string, token: string) => (await app.fetch(`/${route}`, bearer(token))).status;

  it.each(['realm-admin', 'editor', 'staff', 'by-function', 'both-roles'])(
    'find in the flattened roles what the provider had elsewhere: %s',
    async (route) => {
      expect(decoded(alice).claims).not.toHaveProperty('realm_access');
      expect(await status(route, alice)).toBe(200);
      expect(await status(route, bob)).toBe(403);
    },
  );

  it('find no role that nobody gave, and no claim that the token does not have', async () => {
    expect(await status('boss', alice)).toBe(403);
    expect(await status('department', alice)).toBe(403);
  });

  it('hold no role of another client', async () => {
    expect(decoded(alice).claims['roles']).toEqual(['/staff', 'admin', 'editor', 'user']);
  });

  it('compare scopes with what the login was granted', async () => {
    expect(await status('profile', alice)).toBe(200);
    const response = await app.fetch('/orders', bearer(alice));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="orders:read"');
  });

  it('take the roles of every client where roleSources says so, or of one source alone', async () => {
    const start = (roleSources: string[]) =>
      startBroker(adapter, op, { auth: { roleSources }, module: { controllers: [Routes] } });
    const [all, one] = [await start(['*']), await start(['realm_access.roles'])];
    expect(decoded((await signIn(all)).access_token).claims['roles']).toEqual(['editor', 'other-role']);
    const { access_token } = await signIn(one);
    expect(decoded(access_token).claims['roles']).toEqual(['admin', 'user']);
    // Wherever the provider has them, in our tokens they are in one place.
    expect((await one.fetch('/admin', bearer(access_token))).status).toBe(200);
    await Promise.all([all.close(), one.close()]);
  });
});

describe.each(adapters)('the claims that the module demands of everybody, on $name', (adapter) => {
  const store = new MemoryBrokerStore();
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op, {
      auth: { claims: { 'realm_access.roles': ['admin'], email_verified: true }, brokerStoreObj: store },
      module: { controllers: [Routes] },
    });
  });
  afterAll(() => app.close());

  const grants = () => store.list('grant', {}, { limit: 100 });

  it('let in who has them, and are met by his tokens where a route sets none', async () => {
    const { access_token } = await signIn(app);
    expect((await app.fetch('/default', bearer(access_token))).status).toBe(200);
    expect(decoded(access_token).claims).toMatchObject({
      email_verified: true,
      roles: expect.arrayContaining(['admin']),
    });
  });

  it('refuse a login without them: nothing is kept, and the provider gets its token back', async () => {
    const before = await grants();
    const login = new URLSearchParams({ redirect_uri: `${app.url}/auth/v2/callback`, login_hint: 'bob' });
    const { response } = await new UserAgent().follow(`${app.url}/auth/v2/login?${login}`);
    const { error_description } = await expectOAuthError(response, 403, 'insufficient_scope');
    expect(error_description).toContain('realm_access.roles');
    expect(await grants()).toEqual(before);
    expect(revokedTokens(op)).toHaveLength(1);
  });

  it('refuse a refresh after they were lost, and let it through when they are back', async () => {
    const { refresh_token } = await signIn(app);
    const { roles } = op.users.alice['realm_access'] as { roles: string[] };
    const admin = roles.indexOf('admin');
    roles.splice(admin, 1);
    try {
      await expectOAuthError(await app.refresh(refresh_token!), 403, 'insufficient_scope');
    } finally {
      roles.push('admin');
    }
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });

  it('refuse a refresh where only an earlier userinfo named one, and the provider sends no ID token', async () => {
    const strict = await startBroker(adapter, op, { auth: { claims: { employee: true } } });
    const employed = fault.json((body) => ({ ...body, employee: true }));
    op.faults.once('userinfo', employed, (_ctx, next) => next(), employed);
    op.faults.set('token', fault.without('id_token'));
    op.faults.once('token', (_ctx, next) => next());
    const { refresh_token } = await signIn(strict);
    await expectOAuthError(await strict.refresh(refresh_token!), 403, 'insufficient_scope');
    const { access_token } = await tokensIn(await strict.refresh(refresh_token!));
    expect(decoded(access_token).claims['employee']).toBe(true);
    await strict.close();
  });

  it('bind a program less: it may mint for whom it will, and its tokens are judged at the routes', async () => {
    const { access_token: without } = await app.broker.mint({ sub: 'a-job' });
    expect((await app.fetch('/default', bearer(without))).status).toBe(403);
    expect((await app.fetch('/cleared', bearer(without))).status).toBe(200);
  });
});
