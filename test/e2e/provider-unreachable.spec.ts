import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcGuard } from '../../lib/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type Endpoint, type Fault, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable } from '../fixtures/responses.js';
import { newRefreshToken } from '../fixtures/sign-in-at-callback.js';

@Controller()
class GuardedController {
  @Get('guarded')
  @UseGuards(OidcGuard)
  guarded() {
    return { passed: true };
  }
}

/** An answer that begins well and then does not go on. */
const stall: Fault = async (ctx) => {
  ctx.respond = false;
  ctx.res.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":');
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const troubles = {
  down: fault.down,
  hang: fault.hang,
  stall,
  'HTTP 500': fault.status(500),
  'HTTP 503': fault.status(503, '<h1>Sorry</h1>'),
};
const names = Object.keys(troubles) as (keyof typeof troubles)[];

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const start = (adapter: Adapter) =>
  startApplication(adapter, {
    auth: { ...clientOptions(op), timeout: 1_000 },
    module: { controllers: [GuardedController] },
  });

/** Every endpoint, and a guarded route; each in a form that needs the provider. */
async function requestsTo(app: RunningApplication): Promise<Record<string, () => Promise<Response>>> {
  const token = await op.mint();
  const callback = `${app.url}/auth/v2/callback`;
  return {
    login: () => app.fetch(`/auth/v2/login?redirect_uri=${encodeURIComponent(callback)}`),
    refresh: () => app.fetch('/auth/v2/token', form({ refresh_token: 'r' })),
    'device poll': () => app.fetch('/auth/v2/token', form({ device_code: 'd' })),
    device: () => app.fetch('/auth/v2/device', { method: 'POST' }),
    logout: () => app.fetch('/auth/v2/logout'),
    userinfo: () => app.fetch('/auth/v2/userinfo', bearer(token)),
    guard: () => app.fetch('/guarded', bearer(token)),
  };
}

describe.each(adapters)('a provider that cannot be reached from the start, on $name', (adapter) => {
  it.each(names)('%s: the application boots and answers 503 with Retry-After', async (name) => {
    op.faults.set('discovery', troubles[name]);
    const app = await start(adapter);
    const requests = await requestsTo(app);
    const responses = await Promise.all(
      Object.entries(requests).map(async ([request, send]) => ({ request, response: await send() })),
    );
    for (const { request, response } of responses) {
      const retryAfter = response.headers.get('retry-after');
      expect({ request, status: response.status, retryAfter }).toEqual({ request, status: 503, retryAfter: '5' });
      expect(await response.json()).toMatchObject({ statusCode: 503, error: 'temporarily_unavailable' });
    }
    await app.close();
  });

  it('asks the provider once for all that wait, and leaves it in peace for a while after a failure', async () => {
    op.faults.set('discovery', fault.status(500));
    const app = await start(adapter);
    await Promise.all(Array.from({ length: 30 }, () => app.fetch('/auth/v2/logout')));
    expect(op.requests('discovery').length).toBeLessThanOrEqual(2);
    await app.close();
  });

  it('is found by itself once it is back', async () => {
    await op.down();
    const app = await start(adapter);
    await expectUnavailable(await app.fetch('/auth/v2/logout'));
    await op.up();
    const { logout, guard, device } = await requestsTo(app);
    await expect.poll(async () => (await logout!()).status, { timeout: 15_000 }).toBe(302);
    await expect.poll(async () => (await guard!()).status, { timeout: 15_000 }).toBe(200);
    expect((await device!()).status).toBe(200);
    await app.close();
  });
});

describe.each(adapters)('a provider that fails after the start, on $name', (adapter) => {
  let app: RunningApplication;
  let requests: Record<string, () => Promise<Response>>;
  beforeAll(async () => {
    app = await start(adapter);
    requests = await requestsTo(app);
    expect((await requests['guard']!()).status).toBe(200);
  });
  afterAll(() => app.close());

  const asked: [Endpoint, string][] = [
    ['token', 'refresh'],
    ['token', 'device poll'],
    ['device', 'device'],
    ['userinfo', 'userinfo'],
  ];

  it.each(names)('%s: 503 with Retry-After, and at once well again', async (name) => {
    for (const [endpoint] of asked) op.faults.set(endpoint, troubles[name]);
    await Promise.all(asked.map(async ([, request]) => expectUnavailable(await requests[request]!())));
    op.faults.clear();
    for (const [, request] of asked) expect((await requests[request]!()).status).not.toBe(503);
  });

  it('goes on letting in who has a valid token, whom it has seen or not', async () => {
    await op.down();
    expect((await requests['guard']!()).status).toBe(200);
    expect((await app.fetch('/guarded', bearer(await op.mint({ sub: 'never-seen' })))).status).toBe(200);
    expect((await requests['login']!()).status).toBe(302);
    await expectUnavailable(await requests['refresh']!());
  });

  it('keeps a refresh token good where the request did not reach the provider', async () => {
    const refreshToken = await newRefreshToken(app);
    await op.down();
    await expectUnavailable(await app.fetch('/auth/v2/token', form({ refresh_token: refreshToken })));
    await op.up();
    expect((await app.fetch('/auth/v2/token', form({ refresh_token: refreshToken }))).status).toBe(200);
  });

  it('is asked within the timeout of the options', async () => {
    op.faults.once('token', fault.hang);
    const before = performance.now();
    await expectUnavailable(await requests['refresh']!());
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe.each(adapters)('a key set that cannot be had, on $name', (adapter) => {
  it.each(names)('%s: guards answer 503 with Retry-After', async (name) => {
    op.faults.set('jwks', troubles[name]);
    const app = await start(adapter);
    const { guard } = await requestsTo(app);
    const response = await guard!();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    await app.close();
  });
});

describe('a provider that stalls in the middle of an answer', () => {
  it('is given up at the timeout, also where garbage is collected meanwhile', async () => {
    const app = await start(adapters[0]);
    op.faults.set('token', stall);
    const collecting = setInterval(collectGarbage, 20);
    const refreshes = Array.from({ length: 5 }, (_, n) =>
      app.fetch('/auth/v2/token', form({ refresh_token: `r${n}` })),
    );
    for (const response of await Promise.all(refreshes)) await expectUnavailable(response);
    clearInterval(collecting);
    await app.close();
  });
});

describe('a key set that comes late', () => {
  it('is found by itself', async () => {
    op.faults.set('jwks', fault.down);
    const app = await start(adapters[0]);
    const { guard } = await requestsTo(app);
    expect((await guard!()).status).toBe(503);
    op.faults.clear();
    await expect.poll(async () => (await guard!()).status, { timeout: 15_000 }).toBe(200);
    await app.close();
  });
});

describe('closing an application that waits for its provider', () => {
  it('does not wait for the answer', async () => {
    op.faults.set('discovery', fault.hang);
    const app = await startApplication(adapters[0], { auth: { ...clientOptions(op), timeout: 60_000 } });
    await expect.poll(() => op.requests('discovery').length).toBe(1);
    const before = performance.now();
    await app.close();
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
