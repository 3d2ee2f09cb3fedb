import { Controller, Get, Injectable, UseGuards, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, OidcAuthModule, OidcGuard, OptionalOidcGuard } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Controller()
class RequiredController {
  @Get()
  @UseGuards(OidcGuard)
  get() {}
}

@Controller()
class OptionalController {
  @Get()
  @UseGuards(OptionalOidcGuard)
  get() {}
}

@Controller()
@Auth({ scopes: 'profile' })
class AuthDecoratedController {
  @Get()
  get() {}
}

@Injectable()
class StaffGuard extends OidcGuard {}

@Controller()
@UseGuards(StaffGuard)
class StaffController {
  @Get()
  get() {}
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('a guard without the module, on $name', (adapter) => {
  it.each([
    [RequiredController, 'OidcGuard'],
    [OptionalController, 'OptionalOidcGuard'],
    [AuthDecoratedController, 'OidcGuard'],
    [StaffController, 'StaffGuard'],
  ])('%o: boot fails and says what to import', async (controller: Type<unknown>, guard) => {
    await expect(startApplication(adapter, { module: { controllers: [controller] } })).rejects.toMatchObject({
      code: 'module_missing',
      message: expect.stringContaining(`${guard} found no OidcAuthModule: import OidcAuthModule.forRoot(…)`),
    });
  });

  it('is told as well where the module is there, but not global and not imported', async () => {
    const auth = { ...clientOptions(op), isGlobal: false };
    class FeatureModule {}
    const feature = { module: FeatureModule, controllers: [RequiredController] };
    await expect(startApplication(adapter, { auth, module: { imports: [feature] } })).rejects.toMatchObject({
      code: 'module_missing',
      message: expect.stringContaining('isGlobal: false'),
    });
  });

  it('needs nothing more where a module that is not global is imported', async () => {
    class FeatureModule {}
    const imports = [OidcAuthModule.forRoot({ ...clientOptions(op), isGlobal: false })];
    const feature = { module: FeatureModule, imports, controllers: [RequiredController] };
    const app = await startApplication(adapter, { module: { imports: [feature] } });
    expect((await app.fetch('/')).status).toBe(401);
    await app.close();
  });
});
