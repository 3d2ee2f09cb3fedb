import {
  Controller,
  Get,
  Inject,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Auth,
  AuthController,
  OidcAuthModule,
  OidcGuard,
  OptionalOidcGuard,
  Public,
  type IdTokenClaims,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Public()
@Controller()
class PublicBase {}

@Auth({ roles: 'admin' })
@Controller('derived')
class DerivedController extends PublicBase {
  @Get() get() {
    return 'for admins';
  }
}

/** Asks our guard, as an application does that lets in whom one of several guards lets in. */
@Injectable()
class ComposedGuard implements CanActivate {
  constructor(@Inject(OidcGuard) private readonly oidc: OidcGuard) {}
  canActivate(context: ExecutionContext) {
    return this.oidc.canActivate(context);
  }
}

@UseGuards(OptionalOidcGuard)
@Controller('composed-in-optional')
class ComposedInOptionalController {
  @Get() @UseGuards(ComposedGuard) get() {
    return 'composed';
  }
}

@Public()
@Controller('composed-in-public')
class ComposedInPublicController {
  @Get() @UseGuards(ComposedGuard) get() {
    return 'composed';
  }
}

@Injectable()
class TenantGuard extends OidcGuard {
  protected override accept(claims: IdTokenClaims): Promise<boolean> {
    return Promise.resolve(claims['tenant'] === 'ours');
  }
}

@UseGuards(TenantGuard)
@Controller('tenant')
class TenantController {
  @Get() get() {
    return 'of the tenant';
  }
  @Get('narrowed') @Auth({ scopes: 'profile' }) narrowed() {
    return 'of the tenant, and with a scope';
  }
}

@Controller('plain')
class PlainController {
  @Get() @UseGuards(OidcGuard) get() {
    return 'plain';
  }
}

class ExtendedAuthController extends AuthController {
  @Get('extra') extra() {
    return 'extra';
  }
  @Auth() override async device(...args: Parameters<AuthController['device']>) {
    await super.device(...args);
  }
}

const controllers = [
  DerivedController,
  ComposedInOptionalController,
  ComposedInPublicController,
  TenantController,
  PlainController,
];

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

describe.each(adapters)('no arrangement of guards leaves a route open, on $name:', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, {
      auth: clientOptions(op),
      module: { controllers, providers: [TenantGuard] },
    });
  });
  afterAll(() => app.close());

  it('a guarded controller that extends a public one is guarded', async () => {
    expect((await app.fetch('/derived')).status).toBe(401);
    const token = await op.mint({ realm_access: { roles: ['admin'] } });
    expect((await app.fetch('/derived', bearer(token))).status).toBe(200);
  });

  it.each(['composed-in-optional', 'composed-in-public'])(
    'a guard that another one asks decides (%s)',
    async (path) => {
      expect((await app.fetch(`/${path}`)).status).toBe(401);
      expect((await app.fetch(`/${path}`, bearer(await op.mint()))).status).toBe(200);
    },
  );

  it('a guard added to a handler does not remove a stricter one of the controller', async () => {
    const theirs = bearer(await op.mint({ tenant: 'theirs' }));
    const ours = bearer(await op.mint({ tenant: 'ours' }));
    for (const path of ['/tenant', '/tenant/narrowed']) {
      expect((await app.fetch(path)).status).toBe(401);
      expect((await app.fetch(path, theirs)).status).toBe(403);
      expect((await app.fetch(path, ours)).status).toBe(200);
    }
  });
});

describe.each(adapters)('an extended AuthController under a global guard, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    const auth = { ...clientOptions(op), globalGuard: true, authController: ExtendedAuthController };
    app = await startApplication(adapter, { auth });
  });
  afterAll(() => app.close());

  it('is public only where the endpoints are', async () => {
    expect((await app.fetch('/auth/v2/token', { method: 'POST' })).status).toBe(400);
    expect((await app.fetch('/extra')).status).toBe(401);
  });

  it('demands a token on an endpoint whose override does', async () => {
    expect((await app.fetch('/auth/v2/device', { method: 'POST' })).status).toBe(401);
    const signedIn = { method: 'POST', ...bearer(await op.mint()) };
    expect((await app.fetch('/auth/v2/device', signedIn)).status).toBe(200);
  });
});

describe('a substitute for the guard in a test of an application', () => {
  it('still guards, if it extends the guard', async () => {
    class Substitute extends OidcGuard {}
    const moduleRef = await Test.createTestingModule({
      imports: [OidcAuthModule.forRoot(clientOptions(op))],
      controllers: [PlainController],
    })
      .overrideGuard(OidcGuard)
      .useClass(Substitute)
      .compile();
    const app = moduleRef.createNestApplication(adapters[0].create());
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    expect((await fetch(`http://127.0.0.1:${port}/plain`)).status).toBe(401);
    await app.close();
  });
});
