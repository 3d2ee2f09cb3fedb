import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcGuard } from '../../lib/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type Fault, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway } from '../fixtures/responses.js';

@Controller()
class GuardedController {
  @Get('guarded')
  @UseGuards(OidcGuard)
  guarded() {
    return { passed: true };
  }
}

let op: TestOp;
let elsewhere: Server;
let elsewhereUrl: string;
const arrivedElsewhere: IncomingMessage[] = [];
beforeAll(async () => {
  op = await startOp();
  elsewhere = createServer((request, response) => {
    arrivedElsewhere.push(request);
    response.setHeader('content-type', 'application/json');
    response.end('{"access_token":"from elsewhere","token_type":"Bearer","sub":"alice","keys":[]}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as { port: number }).port}/`;
});
afterAll(async () => {
  await op.close();
  await new Promise((resolve) => elsewhere.close(resolve));
});
beforeEach(async () => {
  await op.reset();
  arrivedElsewhere.length = 0;
});

const nonsense: Record<string, () => Fault> = {
  HTML: () => fault.html,
  nothing: () => fault.empty,
  'broken JSON': () => fault.garbage,
  'more than 1 MB': () => fault.oversized,
  'a list': () => fault.status(200, []),
  null: () => fault.status(200, 'null'),
  'HTTP 204': () => fault.status(204),
  'HTTP 404': () => fault.status(404, 'no such page'),
  'HTTP 418': () => fault.status(418, {}),
  'a redirect': () => fault.redirect(elsewhereUrl),
  'a redirect that keeps the method': () => async (ctx) => {
    ctx.status = 307;
    ctx.set('Location', elsewhereUrl);
  },
};
const kinds = Object.keys(nonsense);

const start = (adapter: Adapter) =>
  startApplication(adapter, { auth: clientOptions(op), module: { controllers: [GuardedController] } });

describe.each(adapters)('a provider that answers nonsense, on $name', (adapter) => {
  let app: RunningApplication;
  let token: string;
  beforeAll(async () => {
    app = await start(adapter);
    token = await op.mint();
    expect((await app.fetch('/guarded', bearer(token))).status).toBe(200);
  });
  afterAll(() => app.close());

  it.each(kinds)('%s: 502 without Retry-After at token, device and userinfo, and at once well again', async (kind) => {
    const ask = {
      token: () => app.fetch('/auth/v2/token', form({ refresh_token: 'a-refresh-token' })),
      device: () => app.fetch('/auth/v2/device', { method: 'POST' }),
      userinfo: () => app.fetch('/auth/v2/userinfo', bearer(token)),
    };
    for (const endpoint of ['token', 'device', 'userinfo'] as const) {
      op.faults.once(endpoint, nonsense[kind]!());
      await expectBadGateway(await ask[endpoint]());
      expect((await ask[endpoint]()).status).not.toBe(502);
    }
    expect(arrivedElsewhere).toHaveLength(0);
  });

  it.each(kinds)('%s as key set: guards answer 502', async (kind) => {
    op.faults.set('jwks', nonsense[kind]!());
    const fresh = await start(adapter);
    const response = await fresh.fetch('/guarded', bearer(token));
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ statusCode: 502, error: 'server_error' });
    expect(arrivedElsewhere).toHaveLength(0);
    await fresh.close();
  });

  it.each(kinds)('%s as metadata: 502', async (kind) => {
    op.faults.set('discovery', nonsense[kind]!());
    const fresh = await start(adapter);
    for (const path of ['/auth/v2/logout', '/auth/v2/login?redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F']) {
      await expectBadGateway(await fresh.fetch(path));
    }
    expect((await fresh.fetch('/guarded', bearer(token))).status).toBe(502);
    expect(arrivedElsewhere).toHaveLength(0);
    await fresh.close();
  });

  it('as key set and metadata: recovers by itself once they are good', async () => {
    op.faults.set('discovery', fault.html);
    const fresh = await start(adapter);
    const guarded = async () => (await fresh.fetch('/guarded', bearer(token))).status;
    expect(await guarded()).toBe(502);
    op.faults.set('jwks', fault.garbage);
    op.faults.clear('discovery');
    await expect.poll(async () => (await fresh.fetch('/auth/v2/logout')).status, { timeout: 15_000 }).toBe(302);
    expect(await guarded()).toBe(502);
    op.faults.clear('jwks');
    await expect.poll(guarded, { timeout: 15_000 }).toBe(200);
    await fresh.close();
  });

  it('keys of a key set that are none do not spoil the others', async () => {
    const odd = [null, 5, 'x', [], {}, { kty: 'oct', k: 'AAAA' }, { kty: 'RSA' }, { kty: 'RSA', n: 5, e: [] }];
    op.faults.set(
      'jwks',
      fault.json(({ keys }) => ({ keys: [...odd, ...keys] })),
    );
    const fresh = await start(adapter);
    expect((await fresh.fetch('/guarded', bearer(token))).status).toBe(200);
    await fresh.close();
  });
});
