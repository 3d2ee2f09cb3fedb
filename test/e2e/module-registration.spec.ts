import { Controller, Get, Inject, Injectable, Module, UseGuards, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BrokerStore,
  OidcAuthModule,
  OidcAuthService,
  OidcGuard,
  TokenVerifier,
  type OidcAuthOptions,
  type OidcAuthOptionsFactory,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

@Controller()
@UseGuards(OidcGuard)
class MeController {
  @Get('me')
  me() {
    return { ok: true };
  }
}

const settings = () => clientOptions(op);

@Injectable()
class OptionsFactory implements OidcAuthOptionsFactory {
  createOidcAuthOptions(): OidcAuthOptions {
    return settings();
  }
}

@Injectable()
class AsyncOptionsFactory implements OidcAuthOptionsFactory {
  constructor(@Inject(ConfigService) private readonly config: ConfigService) {}

  async createOidcAuthOptions(): Promise<OidcAuthOptions> {
    return this.config.getOrThrow<OidcAuthOptions>('oidc');
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

const configuration = () => ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ oidc: settings() })] });

describe.each(adapters)('registering the module, on $name', (adapter) => {
  const registrations: [name: string, register: () => DynamicModule][] = [
    ['forRoot', () => OidcAuthModule.forRoot(settings())],
    ['useFactory', () => OidcAuthModule.forRootAsync({ useFactory: () => settings() })],
    ['an asynchronous useFactory', () => OidcAuthModule.forRootAsync({ useFactory: async () => settings() })],
    [
      'useFactory with inject and imports',
      () =>
        OidcAuthModule.forRootAsync({
          imports: [configuration()],
          inject: [ConfigService],
          useFactory: (config: ConfigService) => config.getOrThrow<OidcAuthOptions>('oidc'),
        }),
    ],
    [
      'useFactory with an optional dependency that is not there',
      () =>
        OidcAuthModule.forRootAsync({
          inject: [{ token: 'NOT_THERE', optional: true }],
          useFactory: (absent: unknown) => ({ ...settings(), appName: absent === undefined ? undefined : 'wrong' }),
        }),
    ],
    ['useClass', () => OidcAuthModule.forRootAsync({ useClass: OptionsFactory })],
    [
      'useClass with a dependency of its own',
      () => OidcAuthModule.forRootAsync({ imports: [configuration()], useClass: AsyncOptionsFactory }),
    ],
    ['useExisting', () => OidcAuthModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory })],
  ];

  it.each(registrations)('by %s makes endpoints and guards work', async (_name, register) => {
    const app = await startApplication(adapter, { module: { imports: [register()], controllers: [MeController] } });
    expect((await app.fetch('/me')).status).toBe(401);
    expect((await app.fetch('/me', bearer(await op.mint()))).status).toBe(200);
    expect((await app.fetch('/auth/v2/login')).status).toBe(400);
    await app.close();
  });

  it('by forRootAsync takes the static extras beside the factory', async () => {
    const registration = OidcAuthModule.forRootAsync({ prefix: '/api', useFactory: settings });
    const app = await startApplication(adapter, { module: { imports: [registration] } });
    expect((await app.fetch('/api/auth/v2/login')).status).toBe(400);
    expect((await app.fetch('/auth/v2/login')).status).toBe(404);
    await app.close();
  });

  it('makes guards and services available in every module; the store is null in pass-through mode', async () => {
    @Injectable()
    class Consumer {
      constructor(
        @Inject(OidcAuthService) readonly service: OidcAuthService,
        @Inject(TokenVerifier) readonly verifier: TokenVerifier,
        @Inject(BrokerStore) readonly store: BrokerStore | null,
      ) {}
    }
    class FeatureModule {}
    const feature = { module: FeatureModule, providers: [Consumer], controllers: [MeController] };
    const app = await startApplication(adapter, { auth: settings(), module: { imports: [feature] } });
    const { service, verifier, store } = app.app.get(Consumer, { strict: false });
    expect(service).toBeInstanceOf(OidcAuthService);
    expect(await verifier.verify(await op.mint())).toMatchObject({ sub: 'alice' });
    expect(store).toBeNull();
    expect((await app.fetch('/me')).status).toBe(401);
    await app.close();
  });

  it.each(['/', '/other'])('globally a second time fails at boot, with the prefix %s', async (prefix) => {
    const imports = [OidcAuthModule.forRoot({ ...settings(), prefix })];
    await expect(startApplication(adapter, { auth: settings(), module: { imports } })).rejects.toMatchObject({
      code: 'module_duplicate',
      message: expect.stringContaining('isGlobal: false'),
    });
  });

  it('once, and importing that registration in several modules, is no second time', async () => {
    const registration = OidcAuthModule.forRoot(settings());
    class FeatureModule {}
    const feature = { module: FeatureModule, imports: [registration], controllers: [MeController] };
    const app = await startApplication(adapter, { module: { imports: [registration, feature] } });
    expect((await app.fetch('/me', bearer(await op.mint()))).status).toBe(200);
    await app.close();
  });

  it('twice without isGlobal: each has its prefix, its options and its guards', async () => {
    class StaffModule {}
    class PartnerModule {}
    @Controller('staff')
    class StaffController extends MeController {}
    @Controller('partner')
    class PartnerController extends MeController {}
    const register = (prefix: string, audience: string) =>
      OidcAuthModule.forRoot({ ...settings(), prefix, audience, isGlobal: false });
    const imports = [
      { module: StaffModule, imports: [register('/staff-api', 'staff')], controllers: [StaffController] },
      { module: PartnerModule, imports: [register('/partner-api', 'partners')], controllers: [PartnerController] },
    ];
    const app = await startApplication(adapter, { module: { imports } });
    const status = async (path: string, aud?: string) =>
      (await app.fetch(path, aud === undefined ? {} : bearer(await op.mint({ aud })))).status;
    expect(await status('/staff-api/auth/v2/login')).toBe(400);
    expect(await status('/partner-api/auth/v2/login')).toBe(400);
    expect(await status('/auth/v2/login')).toBe(404);
    expect(await status('/staff/me', 'staff')).toBe(200);
    expect(await status('/staff/me', 'partners')).toBe(401);
    expect(await status('/partner/me', 'partners')).toBe(200);
    expect(await status('/partner/me', 'staff')).toBe(401);
    expect(await status('/staff-api/auth/v2/userinfo', 'partners')).toBe(401);
    expect(await status('/partner-api/auth/v2/userinfo', 'partners')).toBe(200);
    await app.close();
  });

  it('a second time with an endpoint of the first fails at boot, and says which', async () => {
    const endpoints = { login: '/sign-in', token: false, device: false, logout: false, userinfo: false } as const;
    const imports = [OidcAuthModule.forRoot({ ...settings(), endpoints, isGlobal: false })];
    await expect(startApplication(adapter, { auth: settings(), module: { imports } })).rejects.toMatchObject({
      code: 'module_duplicate',
      message: expect.stringContaining('twice with the endpoint /auth/v2/callback'),
    });
  });

  it('once globally and once more without isGlobal works side by side', async () => {
    const imports = [OidcAuthModule.forRoot({ ...settings(), prefix: '/second', isGlobal: false })];
    const app = await startApplication(adapter, { auth: settings(), module: { imports } });
    expect((await app.fetch('/auth/v2/login')).status).toBe(400);
    expect((await app.fetch('/second/auth/v2/login')).status).toBe(400);
    await app.close();
  });
});
