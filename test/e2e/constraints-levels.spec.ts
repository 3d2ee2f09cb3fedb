import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, Claims, IdToken, IdTokenClaims, OidcGuard, OptionalAuth, Roles, Scopes } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Controller()
@UseGuards(OidcGuard)
@Scopes('of:controller')
@Claims({ level: 'controller' })
@Roles('controller-role')
class StrictController {
  @Get('inherits')
  inherits() {}

  @Get('own-scopes')
  @Scopes('of:handler')
  ownScopes() {}

  @Get('own-claims')
  @Claims({ level: 'handler' })
  ownClaims() {}

  @Get('own-roles')
  @Roles('handler-role')
  ownRoles() {}

  @Get('cleared')
  @Scopes()
  @Claims({})
  @Roles()
  cleared() {}

  @Get('auth')
  @Auth({ scopes: ['of:handler'], roles: 'handler-role' })
  auth() {}

  @Get('optional')
  @OptionalAuth({ scopes: 'of:handler' })
  optional(@IdToken() token: IdTokenClaims | null) {
    return { sub: token?.sub ?? null };
  }
}

@Controller('module-level')
@UseGuards(OidcGuard)
class UnconstrainedController {
  @Get('default')
  default() {}

  @Get('replaced')
  @Claims({ level: 'handler' })
  replaced() {}

  @Get('cleared')
  @Claims({})
  cleared() {}

  @Get('other-parts')
  @Auth({ scopes: 'of:handler', roles: 'handler-role' })
  otherParts() {}
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('scopes, claims and roles each come from the nearest level, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, {
      auth: { ...clientOptions(op), claims: { level: 'module' } },
      module: { controllers: [StrictController, UnconstrainedController] },
    });
  });
  afterAll(() => app.close());

  const ask = async (path: string, claims: object) => app.fetch(path, bearer(await op.mint({ ...claims })));
  const ofController = { scope: 'of:controller', level: 'controller', roles: ['controller-role'] };

  it('a handler that sets nothing has all of its controller', async () => {
    expect((await ask('/inherits', ofController)).status).toBe(200);
    expect((await ask('/inherits', { ...ofController, scope: 'of:handler' })).status).toBe(403);
    expect((await ask('/inherits', { ...ofController, level: 'module' })).status).toBe(403);
    expect((await ask('/inherits', { ...ofController, roles: [] })).status).toBe(403);
  });

  it.each([
    ['own-scopes', { scope: 'of:handler' }],
    ['own-claims', { level: 'handler' }],
    ['own-roles', { roles: ['handler-role'] }],
  ])('a handler replaces one part and keeps the others: %s', async (path, replaced) => {
    expect((await ask(`/${path}`, { ...ofController, ...replaced })).status).toBe(200);
    expect((await ask(`/${path}`, ofController)).status).toBe(403);
    expect((await ask(`/${path}`, { ...replaced })).status).toBe(403);
  });

  it('a handler clears each part by an empty one', async () => {
    expect((await ask('/cleared', {})).status).toBe(200);
  });

  it('@Auth() replaces what it names and inherits what it leaves out', async () => {
    const met = { scope: 'of:handler', roles: ['handler-role'], level: 'controller' };
    expect((await ask('/auth', met)).status).toBe(200);
    expect((await ask('/auth', { ...met, level: 'handler' })).status).toBe(403);
    expect((await ask('/auth', { ...met, roles: ['controller-role'] })).status).toBe(403);
  });

  it('@OptionalAuth() lets nobody in where a constraint is not met, its own or an inherited one', async () => {
    const met = { ...ofController, scope: 'of:handler' };
    expect(await (await ask('/optional', met)).json()).toEqual({ sub: 'alice' });
    expect(await (await ask('/optional', ofController)).json()).toEqual({ sub: null });
    expect(await (await ask('/optional', { ...met, roles: [] })).json()).toEqual({ sub: null });
  });

  it("the module's claims hold where no level sets claims, and only there", async () => {
    expect((await ask('/module-level/default', { level: 'module' })).status).toBe(200);
    expect((await ask('/module-level/default', {})).status).toBe(403);
    expect((await ask('/module-level/replaced', { level: 'handler' })).status).toBe(200);
    expect((await ask('/module-level/replaced', { level: 'module' })).status).toBe(403);
    expect((await ask('/module-level/cleared', {})).status).toBe(200);
    const otherParts = { scope: 'of:handler', roles: ['handler-role'] };
    expect((await ask('/module-level/other-parts', otherParts)).status).toBe(403);
    expect((await ask('/module-level/other-parts', { ...otherParts, level: 'module' })).status).toBe(200);
  });

  it('scopes are judged before claims, claims before roles', async () => {
    const message = async (claims: object) =>
      ((await (await ask('/inherits', claims)).json()) as { message: string }).message;
    expect(await message({ scope: '', level: '' })).toContain('scopes: of:controller');
    expect(await message({ scope: 'of:controller', level: '' })).toContain('level');
    expect(await message({ scope: 'of:controller', level: 'controller' })).toContain('roles: controller-role');
  });
});
