import { Controller, Get, Injectable, UseGuards, type CanActivate, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { OidcAuthModule, OidcAuthError, OidcGuard, OptionalOidcGuard, TokenVerifier } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';

@Controller()
class OrdersController {
  @Get('guarded')
  @UseGuards(OidcGuard)
  guarded() {
    return { ok: true };
  }

  @Get('optional')
  @UseGuards(OptionalOidcGuard)
  optional() {
    return { ok: true };
  }

  @Get('plain')
  plain() {
    return { ok: true };
  }
}

@Injectable()
class LetAliceIn implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const options = { clientId: 'client', discoveryUrl: 'http://127.0.0.1:1/.well-known/openid-configuration' };

let app: INestApplication | undefined;
afterEach(() => app?.close());

describe.each(adapters)("an application's own tests, on $name", (adapter) => {
  const build = (globalGuard = false) =>
    Test.createTestingModule({
      imports: [OidcAuthModule.forRoot({ ...options, globalGuard })],
      controllers: [OrdersController],
    });

  async function start(builder: ReturnType<typeof build>) {
    app = (await builder.compile()).createNestApplication(adapter.create(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    return async (path: string, init: RequestInit = {}) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, init)).status;
  }

  it('boot without an identity provider, and are refused without a token', async () => {
    const status = await start(build());
    expect(await status('/guarded')).toBe(401);
    expect(await status('/optional')).toBe(200);
  });

  it('replace the guard of @UseGuards() by overrideGuard()', async () => {
    const status = await start(build().overrideGuard(OidcGuard).useClass(LetAliceIn));
    expect(await status('/guarded')).toBe(200);
  });

  it('replace it by a value', async () => {
    const status = await start(
      build()
        .overrideGuard(OidcGuard)
        .useValue({ canActivate: () => true }),
    );
    expect(await status('/guarded')).toBe(200);
  });

  it('replace the global guard by overrideProvider()', async () => {
    const status = await start(
      build(true)
        .overrideProvider(OidcGuard)
        .useValue({ canActivate: () => true }),
    );
    expect(await status('/plain')).toBe(200);
  });

  it('need no module for a guard that is replaced', async () => {
    const builder = Test.createTestingModule({ controllers: [OrdersController] })
      .overrideGuard(OidcGuard)
      .useValue({ canActivate: () => true })
      .overrideGuard(OptionalOidcGuard)
      .useValue({ canActivate: () => true });
    const status = await start(builder);
    expect(await status('/guarded')).toBe(200);
  });

  it('replace the verifier, and keep guards and constraints as they are', async () => {
    const claims = Object.freeze({ iss: 'https://idp.example.org', sub: 'alice', exp: 9_999_999_999 });
    const verifier = { verify: async () => claims };
    const status = await start(build().overrideProvider(TokenVerifier).useValue(verifier));
    expect(await status('/guarded')).toBe(401);
    expect(await status('/guarded', bearer('anything'))).toBe(200);
  });

  it('say whose token is whose, as the README advises: any other is 401, or nobody where a token is optional', async () => {
    const alice = { iss: 'https://idp.example.org', sub: 'alice', exp: 4_102_444_800, scope: 'orders:read' };
    const verifier = {
      verify: async (token: string) => {
        if (token === 'token-of-alice') return alice;
        throw new OidcAuthError('token_signature_invalid', 'not a token of this test');
      },
    };
    const status = await start(build().overrideProvider(TokenVerifier).useValue(verifier));
    expect(await status('/guarded', bearer('token-of-alice'))).toBe(200);
    expect(await status('/guarded', bearer('junk'))).toBe(401);
    expect(await status('/guarded')).toBe(401);
  });
});
