import { Controller, Get, Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  IdToken,
  IdTokenClaims,
  OidcAuthModule,
  OidcGuard,
  Public,
  type OidcAuthModuleExtras,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Controller()
class OwnController {
  @Get('auth/v2/auth-ports')
  ports() {
    return { valid: [53100] };
  }

  @Get('auth/v2/open')
  @Public()
  open() {
    return { open: true };
  }
}

@Controller()
class AppController {
  @Get('orders')
  orders(@IdToken() token: IdTokenClaims) {
    return { of: token.sub };
  }

  @Get('health')
  @Public()
  health() {
    return { ok: true };
  }
}

@Injectable()
class StaffGuard extends OidcGuard {
  protected override accept(claims: IdTokenClaims): boolean {
    return claims.sub !== 'guest';
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('globalGuard, on $name', (adapter) => {
  const start = (extras: OidcAuthModuleExtras, claims = {}) =>
    startApplication(adapter, {
      auth: { ...clientOptions(op), ...extras, controllers: [OwnController], ...claims },
      module: { controllers: [AppController] },
    });

  describe.each([
    { what: 'true', extras: { globalGuard: true } },
    { what: 'a subclass', extras: { globalGuard: StaffGuard } },
    { what: 'true, in a module that is not global', extras: { globalGuard: true, isGlobal: false } },
  ])('$what', ({ extras }) => {
    let app: RunningApplication;
    beforeAll(async () => {
      app = await start(extras);
    });
    afterAll(() => app.close());

    it('guards every route of the application that is not public', async () => {
      expect((await app.fetch('/orders')).status).toBe(401);
      expect(await (await app.fetch('/orders', bearer(await op.mint()))).json()).toEqual({ of: 'alice' });
      expect((await app.fetch('/health')).status).toBe(200);
    });

    it("guards the application's own controllers under the prefix", async () => {
      expect((await app.fetch('/auth/v2/auth-ports')).status).toBe(401);
      expect((await app.fetch('/auth/v2/auth-ports', bearer(await op.mint()))).status).toBe(200);
      expect((await app.fetch('/auth/v2/open')).status).toBe(200);
    });

    it('leaves our endpoints public, but for userinfo', async () => {
      expect((await app.fetch('/auth/v2/login')).status).toBe(400);
      expect((await app.fetch('/auth/v2/callback')).status).toBe(400);
      expect((await app.fetch('/auth/v2/token', form({}))).status).toBe(400);
      expect((await app.fetch('/auth/v2/device', form({}))).status).toBe(200);
      expect((await app.fetch('/auth/v2/logout')).status).toBe(302);
      expect((await app.fetch('/auth/v2/userinfo')).status).toBe(401);
      expect((await app.fetch('/auth/v2/userinfo', bearer(await op.mint()))).status).toBe(200);
    });

    it('answers what is no route by 404', async () => {
      expect((await app.fetch('/no-such-route')).status).toBe(404);
    });
  });

  it('a subclass has its say', async () => {
    const app = await start({ globalGuard: StaffGuard });
    expect((await app.fetch('/orders', bearer(await op.mint({ sub: 'guest' })))).status).toBe(403);
    await app.close();
  });

  it.each([false, undefined])('%s guards nothing', async (globalGuard) => {
    const app = await start({ globalGuard });
    expect((await app.fetch('/auth/v2/auth-ports')).status).toBe(200);
    await app.close();
  });

  it("the module's claims hold for every guarded route, but not for userinfo", async () => {
    const app = await start({ globalGuard: true }, { claims: { department: 'research' } });
    expect((await app.fetch('/orders', bearer(await op.mint()))).status).toBe(403);
    expect((await app.fetch('/orders', bearer(await op.mint({ department: 'research' })))).status).toBe(200);
    expect((await app.fetch('/auth/v2/userinfo', bearer(await op.mint()))).status).toBe(200);
    await app.close();
  });

  it('an application may also provide our guard as APP_GUARD by itself', async () => {
    const imports = [OidcAuthModule.forRoot(clientOptions(op))];
    const providers = [{ provide: APP_GUARD, useExisting: OidcGuard }];
    const app = await startApplication(adapter, { module: { imports, providers, controllers: [AppController] } });
    expect((await app.fetch('/orders')).status).toBe(401);
    expect((await app.fetch('/orders', bearer(await op.mint()))).status).toBe(200);
    expect((await app.fetch('/health')).status).toBe(200);
    expect((await app.fetch('/auth/v2/login')).status).toBe(400);
    await app.close();
  });

  it('the same with useClass', async () => {
    const providers = [{ provide: APP_GUARD, useClass: StaffGuard }];
    const auth = clientOptions(op);
    const app = await startApplication(adapter, { auth, module: { providers, controllers: [AppController] } });
    expect((await app.fetch('/orders')).status).toBe(401);
    expect((await app.fetch('/orders', bearer(await op.mint({ sub: 'guest' })))).status).toBe(403);
    expect((await app.fetch('/auth/v2/login')).status).toBe(400);
    await app.close();
  });
});
