import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  UseGuards,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { map, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdToken, IdTokenClaims, OidcGuard, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { UserAgent } from '../fixtures/user-agent.js';

@Controller({ path: 'me', version: '2' })
class MeController {
  @Get()
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims) {
    return { sub: token.sub };
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { caught: true }, status);
  }
}

/** What an application has that checks something else in every request. */
@Injectable()
class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-api-key'] === 'right';
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

/** Signs alice in at our own callback, and uses every other endpoint once. */
async function expectAllToWork(app: RunningApplication, root: string, headers: Record<string, string> = {}) {
  const auth = `${root}/auth/v2`;
  const redirect = new URLSearchParams({ redirect_uri: `${app.url}${auth}/callback` });
  const browser = new UserAgent({ headers });
  const { response } = await browser.follow(`${app.url}${auth}/login?${redirect}`);
  expect(response.status).toBe(200);
  const tokens = (await response.json()) as { access_token: string; refresh_token: string };
  expect(tokens).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });

  const refreshed = await app.fetch(`${auth}/token`, {
    ...form({ refresh_token: tokens.refresh_token, unknown_parameter: 'ignored' }),
    headers,
  });
  expect(refreshed.status).toBe(200);
  expect(await refreshed.json()).toMatchObject({ access_token: expect.any(String), expires_in: expect.any(Number) });

  const asJson = await app.fetch(`${auth}/token`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ 'refresh-token': 'not one', unknown_parameter: 'ignored' }),
  });
  expect(asJson.status).toBe(400);
  expect(await asJson.json()).toMatchObject({ error: 'invalid_grant', error_description: expect.any(String) });

  const signedIn = { headers: { ...headers, authorization: `Bearer ${tokens.access_token}` } };
  const userinfo = await app.fetch(`${auth}/userinfo`, signedIn);
  expect(await userinfo.json()).toMatchObject({ sub: 'alice', username: 'alice' });
  const anonymous = await app.fetch(`${auth}/userinfo`, { headers });
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
  expect(await anonymous.json()).toMatchObject({ error: 'invalid_token', statusCode: 401 });

  const device = await app.fetch(`${auth}/device`, { ...form({}), headers });
  expect(await device.json()).toMatchObject({ user_code: expect.any(String), interval: expect.any(Number) });
  const logout = await app.fetch(`${auth}/logout`, { headers });
  expect(logout.status).toBe(302);
  const bad = await app.fetch(`${auth}/login`, { headers });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toMatchObject({ error: 'invalid_request', statusCode: 400 });
  return tokens.access_token;
}

describe.each(adapters)('the module in an application, on $name, with', (adapter) => {
  async function within(
    {
      configure,
      module = {},
      auth = {},
    }: Partial<{
      configure: (app: INestApplication) => void;
      module: ModuleMetadata;
      auth: Partial<OidcAuthOptions & { prefix: string; globalGuard: boolean }>;
    }>,
    test: (app: RunningApplication) => Promise<void>,
  ) {
    const app = await startApplication(adapter, {
      auth: { ...clientOptions(op), ...auth },
      module: { controllers: [MeController], ...module },
      ...(configure === undefined ? {} : { configure }),
    });
    await test(app).finally(() => app.close());
  }

  it('a global prefix', () =>
    within({ configure: (app) => app.setGlobalPrefix('service') }, async (app) => {
      const token = await expectAllToWork(app, '/service');
      expect((await app.fetch('/service/me', bearer(token))).status).toBe(200);
      expect((await app.fetch('/auth/v2/login')).status).toBe(404);
    }));

  it('a global prefix and a prefix of its own', () =>
    within({ configure: (app) => app.setGlobalPrefix('service'), auth: { prefix: '/api' } }, async (app) => {
      await expectAllToWork(app, '/service/api');
    }));

  it('URI versioning, under which our endpoints have no version', () =>
    within({ configure: (app) => app.enableVersioning({ type: VersioningType.URI }) }, async (app) => {
      const token = await expectAllToWork(app, '');
      expect((await app.fetch('/v2/me', bearer(token))).status).toBe(200);
      expect((await app.fetch('/v2/me')).status).toBe(401);
      expect((await app.fetch('/v2/auth/v2/login')).status).toBe(404);
    }));

  it('URI versioning with a default version, and a global prefix', () => {
    const configure = (app: INestApplication) =>
      app.setGlobalPrefix('service').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    return within({ configure: (app) => void configure(app), auth: { prefix: '/api' } }, async (app) => {
      await expectAllToWork(app, '/service/api');
    });
  });

  it('header versioning', () =>
    within(
      { configure: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }) },
      async (app) => {
        await expectAllToWork(app, '');
        await expectAllToWork(app, '', { 'x-version': '2' });
      },
    ));

  it('a global interceptor that wraps every answer', () =>
    within(
      { module: { controllers: [MeController], providers: [{ provide: APP_INTERCEPTOR, useClass: Envelope }] } },
      async (app) => {
        const token = await expectAllToWork(app, '');
        expect(await (await app.fetch('/me', bearer(token))).json()).toEqual({ data: { sub: 'alice' } });
      },
    ));

  it('the same set by useGlobalInterceptors', () =>
    within({ configure: (app) => app.useGlobalInterceptors(new Envelope()) }, async (app) => {
      await expectAllToWork(app, '');
    }));

  it('a global filter that catches everything', () =>
    within(
      { module: { controllers: [MeController], providers: [{ provide: APP_FILTER, useClass: CatchAll }] } },
      async (app) => {
        await expectAllToWork(app, '');
        const guarded = await app.fetch('/me');
        expect(guarded.status).toBe(401);
        expect(guarded.headers.get('www-authenticate')).toBe('Bearer');
        expect(await guarded.json()).toEqual({ caught: true });
      },
    ));

  it('a ValidationPipe that refuses what no class describes', () => {
    const strict = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, transform: true };
    return within({ configure: (app) => app.useGlobalPipes(new ValidationPipe(strict)) }, async (app) => {
      const token = await expectAllToWork(app, '');
      expect(await (await app.fetch('/me', bearer(token))).json()).toEqual({ sub: 'alice' });
    });
  });

  it('the same provided as APP_PIPE', () => {
    const pipe = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });
    const providers = [{ provide: APP_PIPE, useValue: pipe }];
    return within({ module: { controllers: [MeController], providers } }, async (app) => {
      const token = await expectAllToWork(app, '');
      expect(await (await app.fetch('/me', bearer(token))).json()).toEqual({ sub: 'alice' });
    });
  });

  it('a guard of its own for every request, which has its say before our endpoints', () => {
    const module = { controllers: [MeController], providers: [{ provide: APP_GUARD, useClass: ApiKeyGuard }] };
    return within({ module, auth: { globalGuard: true } }, async (app) => {
      const key = { 'x-api-key': 'right' };
      const token = await expectAllToWork(app, '', key);
      const refused = await app.fetch('/auth/v2/login');
      expect(refused.status).toBe(403);
      expect(await refused.json()).toMatchObject({ error: 'access_denied', statusCode: 403 });
      expect((await app.fetch('/me', bearer(token))).status).toBe(403);
      expect((await app.fetch('/me', { headers: key })).status).toBe(401);
      expect((await app.fetch('/me', { headers: { ...key, authorization: `Bearer ${token}` } })).status).toBe(200);
    });
  });
});
