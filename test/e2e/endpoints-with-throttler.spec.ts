import { UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthController } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

/** As SECURITY.md advises it. */
@UseGuards(ThrottlerGuard)
class ThrottledAuthController extends AuthController {
  @Throttle({ default: { limit: 2, ttl: 60_000 } })
  override token(...args: Parameters<AuthController['token']>) {
    return super.token(...args);
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('a throttler, on $name', (adapter) => {
  const imports = [ThrottlerModule.forRoot([{ limit: 4, ttl: 60_000 }])];

  it('limits one endpoint on a subclass of the controller', async () => {
    const auth = { ...clientOptions(op), authController: ThrottledAuthController };
    const app = await startApplication(adapter, { auth, module: { imports } });
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) {
      statuses.push((await app.fetch('/auth/v2/token', form({ refresh_token: 'none' }))).status);
    }
    expect(statuses).toEqual([400, 400, 429, 429]);
    const refused = await app.fetch('/auth/v2/token', form({ refresh_token: 'none' }));
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable', statusCode: 429 });
    expect((await app.fetch('/auth/v2/logout')).status).toBe(302);
    await app.close();
  });

  it('limits all endpoints as a global guard of the application', async () => {
    const providers = [{ provide: APP_GUARD, useClass: ThrottlerGuard }];
    const app = await startApplication(adapter, { auth: clientOptions(op), module: { imports, providers } });
    const statuses: number[] = [];
    for (let count = 0; count < 5; count++)
      statuses.push((await app.fetch('/auth/v2/device', { method: 'POST' })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    await app.close();
  });
});
