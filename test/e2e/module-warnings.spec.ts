import { ConsoleLogger, Controller, Get, UseGuards, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  Auth,
  MemoryBrokerStore,
  OidcGuard,
  Public,
  Roles,
  type OidcAuthModuleExtras,
  type OidcAuthOptions,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Controller()
class RoutesController {
  @Get('open') @Roles('admin') open() {}
  @Get('guarded') @Roles('admin') @UseGuards(OidcGuard) guarded() {}
  @Get('auth') @Auth({ roles: 'admin' }) auth() {}
  @Get('public') @Roles('admin') @Public() public() {}
  @Get('plain') plain() {}
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

/** All warnings of an application's boot, once the identity provider was asked. */
async function warningsOf(
  options: Partial<OidcAuthOptions & OidcAuthModuleExtras>,
  configure?: (app: INestApplication) => void,
): Promise<string> {
  const logger = new ConsoleLogger();
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => undefined);
  const log = vi.spyOn(logger, 'log').mockImplementation(() => undefined);
  const app = await startApplication(adapters[0], {
    auth: { ...clientOptions(op), ...options },
    module: { controllers: [RoutesController] },
    logger,
    ...(configure === undefined ? {} : { configure }),
  });
  await expect.poll(() => log.mock.calls).toContainEqual([`Identity provider: ${op.issuer}`, 'OidcAuth']);
  await app.close();
  return warn.mock.calls.map(([line]) => String(line)).join('\n');
}

describe('at boot', () => {
  it('warns of constraints that no guard enforces, and of those alone', async () => {
    const warnings = await warningsOf({});
    expect(warnings).toContain('RoutesController.open has @Scopes(), @Claims() or @Roles(), but no guard');
    expect(warnings.match(/but no guard/g)).toHaveLength(1);
  });

  it('does not warn of them under a global guard', async () => {
    expect(await warningsOf({ globalGuard: true })).not.toContain('but no guard');
  });

  it('warns where audience is not set', async () => {
    expect(await warningsOf({})).not.toContain('audience');
    expect(await warningsOf({ audience: undefined })).toContain('The option audience is not set');
  });

  it('warns of options of broker mode that have no effect, unless it is said that it is off', async () => {
    const options = { brokerStoreUrl: 'memory://', accessTokenTtl: 600 };
    expect(await warningsOf(options)).toContain(
      'Without brokerMode: true, brokerStoreUrl, accessTokenTtl have no effect.',
    );
    expect(await warningsOf({ ...options, brokerMode: false })).not.toContain('no effect');
  });

  it('warns the same of a store that is given as a provider', async () => {
    const brokerStore = { useValue: new MemoryBrokerStore() };
    expect(await warningsOf({ brokerStore })).toContain(
      'Without brokerMode: true, the brokerStore extra has no effect.',
    );
    expect(await warningsOf({ brokerStore, brokerMode: false })).not.toContain('no effect');
  });

  it('warns of a publicUrl without the global prefix of the application', async () => {
    const withPrefix = (publicUrl: string) => warningsOf({ publicUrl }, (app) => app.setGlobalPrefix('api/v1'));
    expect(await withPrefix('https://host.example')).toContain('set publicUrl: "https://host.example/api/v1"');
    expect(await withPrefix('https://host.example/api/v1/')).not.toContain('global prefix');
    expect(await warningsOf({ publicUrl: 'https://host.example' })).not.toContain('global prefix');
  });

  it('warns of a short secret that login states are encrypted with', async () => {
    expect(await warningsOf({})).not.toContain('fewer than 32');
    expect(await warningsOf({ clientSecret: 'short' })).toContain('clientSecret has fewer than 32 characters');
    const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
    expect(await warningsOf({ clientSecret: 'short', encryptionKeys })).not.toContain('fewer than 32');
  });

  it('warns that a public client without encryptionKeys is bound to one process', async () => {
    const { clientId } = op.clients.public;
    expect(await warningsOf({ clientId, clientSecret: undefined })).toContain('a key of this process alone');
  });
});
