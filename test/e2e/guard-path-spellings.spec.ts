import { Controller, Get, UseGuards } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdToken, IdTokenClaims, OidcGuard } from '../../lib/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Controller('orders')
class OrdersController {
  @Get('open')
  @UseGuards(OidcGuard)
  open(@IdToken() token: IdTokenClaims) {
    return { of: token.sub };
  }
}

const lenient = {
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: true,
  caseSensitive: false,
  useSemicolonDelimiter: true,
};
const platforms = [
  ...adapters,
  { name: 'Fastify with a lenient router', create: () => new FastifyAdapter({ routerOptions: lenient }) },
];

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

/** Paths are spelled in many ways, and routers and middleware do not agree on them; a guard stands behind the router. */
describe.each(platforms)('a guarded route under another spelling of its path, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter as Adapter, {
      auth: clientOptions(op),
      module: { controllers: [OrdersController] },
      configure: (app) => app.setGlobalPrefix('api', { exclude: ['health'] }),
    });
  });
  afterAll(() => app.close());

  it.each([
    '/api/orders/open',
    '/api/orders/open/',
    '//api/orders/open',
    '/api//orders//open',
    '/API/Orders/OPEN',
    '/api/%6frders/open',
    '/api/orders%2Fopen',
    '/api/orders/open;a=b',
    '/api/orders/open%00',
    '/api/orders/open?path=/health',
    '/health/../api/orders/open',
  ])('%s', async (path) => {
    const signedIn = await app.fetch(path, bearer(await op.mint()));
    const anonymous = await app.fetch(path);
    expect([200, 400, 404]).toContain(signedIn.status);
    expect(anonymous.status).toBe(signedIn.status === 200 ? 401 : signedIn.status);
  });

  it('HEAD and OPTIONS give nothing away', async () => {
    expect((await app.fetch('/api/orders/open', { method: 'HEAD' })).status).toBe(401);
    expect((await app.fetch('/api/orders/open', { method: 'OPTIONS' })).status).not.toBe(500);
  });
});
