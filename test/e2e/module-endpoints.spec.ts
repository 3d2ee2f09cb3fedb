import { Controller, Get, Inject, Injectable, Post, Req, Res, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthController, type EndpointName, type OidcAuthModuleExtras, type TokenResponse } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

const paths: Record<EndpointName, string> = {
  login: '/auth/v2/login',
  callback: '/auth/v2/callback',
  token: '/auth/v2/token',
  device: '/auth/v2/device',
  logout: '/auth/v2/logout',
  userinfo: '/auth/v2/userinfo',
  jwks: '/auth/v2/.well-known/jwks.json',
  metadata: '/.well-known/openid-configuration',
};

/** What each endpoint answers to a request with nothing in it: enough to know it is there. */
const answers: Record<EndpointName, number> = {
  login: 400,
  callback: 400,
  token: 400,
  device: 200,
  logout: 302,
  userinfo: 401,
  // There are keys and metadata in broker mode only.
  jwks: 404,
  metadata: 404,
};
const names = Object.keys(paths) as EndpointName[];

const ask = async (app: RunningApplication, name: EndpointName, path: string) =>
  (await app.fetch(path, name === 'token' || name === 'device' ? form({}) : {})).status;

@Controller()
class PortsController {
  @Get('auth/v2/auth-ports')
  ports() {
    return { valid: [53100] };
  }
}

describe.each(adapters)('where the endpoints are, on $name', (adapter) => {
  const start = (extras: OidcAuthModuleExtras) =>
    startApplication(adapter, { auth: { ...clientOptions(op), ...extras } });
  async function withApp(extras: OidcAuthModuleExtras, test: (app: RunningApplication) => Promise<void>) {
    const app = await start(extras);
    await test(app).finally(() => app.close());
  }

  it('at their standard paths without a prefix', () =>
    withApp({}, async (app) => {
      for (const name of names) expect([name, await ask(app, name, paths[name])]).toEqual([name, answers[name]]);
      expect((await app.fetch('/auth/v2/token')).status).toBe(404);
    }));

  it.each(['/api', 'api', '/api/', '//api'])('under the prefix %s', (prefix) =>
    withApp({ prefix }, async (app) => {
      for (const name of names)
        expect([name, await ask(app, name, `/api${paths[name]}`)]).toEqual([name, answers[name]]);
      expect(await ask(app, 'login', paths.login)).toBe(404);
    }),
  );

  it('under a prefix of several parts', () =>
    withApp({ prefix: '/a/b/c' }, async (app) => {
      expect(await ask(app, 'login', '/a/b/c/auth/v2/login')).toBe(400);
    }));

  it('at another path where endpoints names one, with or without a leading slash', () =>
    withApp({ prefix: '/api', endpoints: { login: '/sign-in', userinfo: 'who/am/i' } }, async (app) => {
      expect(await ask(app, 'login', '/api/sign-in')).toBe(400);
      expect(await ask(app, 'login', '/api/auth/v2/login')).toBe(404);
      expect(await ask(app, 'userinfo', '/api/who/am/i')).toBe(401);
      expect(await ask(app, 'callback', '/api/auth/v2/callback')).toBe(400);
    }));

  it.each(names)('nowhere, where endpoints has false: %s', (name) =>
    withApp({ endpoints: { [name]: false } }, async (app) => {
      expect(await ask(app, name, paths[name])).toBe(404);
      for (const other of names.filter((other) => other !== name)) {
        expect([other, await ask(app, other, paths[other])]).toEqual([other, answers[other]]);
      }
    }),
  );

  it('nowhere at all, where each is false', () =>
    withApp({ endpoints: Object.fromEntries(names.map((name) => [name, false])) }, async (app) => {
      for (const name of names) expect(await ask(app, name, paths[name])).toBe(404);
    }));

  it("beside the application's own controllers, which stand under the prefix, too", () =>
    withApp({ prefix: '/api', controllers: [PortsController] }, async (app) => {
      expect(await (await app.fetch('/api/auth/v2/auth-ports')).json()).toEqual({ valid: [53100] });
      expect((await app.fetch('/auth/v2/auth-ports')).status).toBe(404);
    }));
});

describe.each(adapters)('a route of an own controller on the path of an endpoint, on $name', (adapter) => {
  @Controller('auth/v2')
  class SplitPathController {
    @Get('login')
    login() {}
  }

  @Controller(['other', '/auth/v2/'])
  class SeveralPathsController {
    @Post(['x', '/token/'])
    token() {}
  }

  class InheritingController extends SplitPathController {}
  Controller('auth/v2')(InheritingController);

  @Controller()
  class RenamedController {
    @Get('sign-in')
    signIn() {
      return 'mine';
    }
  }

  const boot = (controller: Type<unknown>, endpoints: OidcAuthModuleExtras['endpoints'] = {}) =>
    startApplication(adapter, { auth: { ...clientOptions(op), prefix: '/api', controllers: [controller], endpoints } });

  it.each([
    ['of controller and handler', SplitPathController, '/auth/v2/login', {}],
    ['of lists', SeveralPathsController, '/auth/v2/token', {}],
    ['that is inherited', InheritingController, '/auth/v2/login', {}],
    ['that an endpoint was moved to', RenamedController, '/sign-in', { logout: '/sign-in' }],
  ])('%s fails at boot and says how to mend it', async (_what, controller, path, endpoints) => {
    await expect(boot(controller, endpoints)).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`${controller.name} has the route ${path}.*rename one of them`)),
    });
  });

  it('is free where the endpoint was moved or left out', async () => {
    for (const endpoints of [{ login: '/moved' }, { login: false }] as const) {
      const app = await boot(SplitPathController, endpoints);
      expect((await app.fetch('/api/auth/v2/login')).status).toBe(200);
      await app.close();
    }
  });
});

describe.each(adapters)('a controller that extends AuthController, on $name', (adapter) => {
  it('changes an answer without a decorator', async () => {
    class SessionController extends AuthController {
      protected override async respondToLogin(tokens: TokenResponse, _request: unknown, response: unknown) {
        this.adapterHost.httpAdapter.reply(response, { welcome: tokens.token_type }, 201);
      }

      override async device(_request: never, response: unknown) {
        this.adapterHost.httpAdapter.reply(response, { device: 'overridden' }, 200);
      }
    }
    const auth = { ...clientOptions(op), authController: SessionController };
    const app = await startApplication(adapter, { auth });
    expect(await (await app.fetch(paths.device, form({}))).json()).toEqual({ device: 'overridden' });
    const { response } = await new UserAgent().follow(
      `${app.url}${paths.login}?${new URLSearchParams({ redirect_uri: `${app.url}${paths.callback}` })}`,
    );
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ welcome: 'Bearer' });
    expect((await app.fetch(paths.login)).status).toBe(400);
    await app.close();
  });

  it('may have dependencies and routes of its own', async () => {
    @Injectable()
    class Clock {
      readonly time = 'noon';
    }
    class ClockModule {}
    class ClockController extends AuthController {
      @Inject(Clock) readonly clock!: Clock;

      @Get('auth/v2/time')
      time(@Req() _request: unknown, @Res() response: unknown) {
        this.adapterHost.httpAdapter.reply(response, { time: this.clock.time }, 200);
      }
    }
    const imports = [{ module: ClockModule, providers: [Clock], exports: [Clock] }];
    const auth = { ...clientOptions(op), prefix: '/api', authController: ClockController, imports };
    const app = await startApplication(adapter, { auth });
    expect(await (await app.fetch('/api/auth/v2/time')).json()).toEqual({ time: 'noon' });
    await app.close();
  });

  it.each([PortsController, 'AuthController'])('is one, or boot fails: %o', async (authController) => {
    const auth = { ...clientOptions(op), authController: authController as never };
    await expect(startApplication(adapter, { auth })).rejects.toThrow(
      'authController must be a class that extends AuthController',
    );
  });
});
