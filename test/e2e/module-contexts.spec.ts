import { Controller, Inject, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, ServerTCP, Transport } from '@nestjs/microservices';
import type { AddressInfo, Server } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  OidcAuthModule,
  OidcAuthService,
  OidcGuard,
  OptionalOidcGuard,
  Public,
  TokenVerifier,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

const quiet = { logger: false, abortOnError: false } as const;

@Injectable()
class TokenConsumer {
  constructor(@Inject(TokenVerifier) private readonly verifier: TokenVerifier) {}

  async consume(token: string): Promise<string> {
    return (await this.verifier.verify(token)).sub;
  }
}

@Controller()
class MessagesController {
  constructor(@Inject(TokenConsumer) private readonly consumer: TokenConsumer) {}

  @MessagePattern('who')
  who(token: string) {
    return this.consumer.consume(token);
  }

  @MessagePattern('guarded')
  @UseGuards(OidcGuard)
  guarded() {
    return 'let in';
  }

  @MessagePattern('optional')
  @UseGuards(OptionalOidcGuard)
  optional() {
    return 'let in';
  }

  @MessagePattern('public')
  @Public()
  public() {
    return 'let in';
  }
}

function moduleWith(globalGuard = false) {
  class AppModule {}
  Module({
    imports: [OidcAuthModule.forRoot({ ...clientOptions(op), globalGuard })],
    controllers: [MessagesController],
    providers: [TokenConsumer],
  })(AppModule);
  return AppModule;
}

describe('createApplicationContext', () => {
  it('has the services, without a server', async () => {
    const context = await NestFactory.createApplicationContext(moduleWith(), quiet);
    const login = { redirect_uri: 'http://127.0.0.1/callback', isOwnCallback: false };
    const { url } = await context.get(OidcAuthService).login(login);
    expect(url).toContain(op.issuer);
    expect(await context.get(TokenConsumer).consume(await op.mint())).toBe('alice');
    await expect(context.get(TokenVerifier).verify('opaque')).rejects.toMatchObject({ code: 'token_opaque' });
    await context.close();
  });
});

describe('createMicroservice', () => {
  async function withMicroservice(
    globalGuard: boolean,
    test: (ask: (pattern: string, data?: string) => Promise<unknown>) => Promise<void>,
  ) {
    const strategy = new ServerTCP({ host: '127.0.0.1', port: 0 });
    const microservice = await NestFactory.createMicroservice(moduleWith(globalGuard), { ...quiet, strategy });
    await microservice.listen();
    const { port } = strategy.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    await test((pattern, data = '') => firstValueFrom(client.send(pattern, data))).finally(async () => {
      await client.close();
      await microservice.close();
    });
  }
  const forbidden = { message: 'Forbidden resource' };

  it('can verify tokens by TokenVerifier', () =>
    withMicroservice(false, async (ask) => {
      expect(await ask('who', await op.mint())).toBe('alice');
      await expect(ask('who', 'opaque')).rejects.toBeDefined();
    }));

  it('a guard denies messages, as it cannot know where their token is', () =>
    withMicroservice(false, async (ask) => {
      await expect(ask('guarded')).rejects.toMatchObject(forbidden);
      await expect(ask('optional')).rejects.toMatchObject(forbidden);
      expect(await ask('public')).toBe('let in');
    }));

  it('a global guard denies them all', () =>
    withMicroservice(true, async (ask) => {
      await expect(ask('who', await op.mint())).rejects.toMatchObject(forbidden);
    }));
});

describe.each(adapters)('a hybrid application, on $name', (adapter) => {
  it('guards its routes and denies its guarded messages', async () => {
    const strategy = new ServerTCP({ host: '127.0.0.1', port: 0 });
    const app = await startApplication(adapter, {
      auth: clientOptions(op),
      module: { controllers: [MessagesController], providers: [TokenConsumer] },
      configure: (app) => void app.connectMicroservice({ strategy }, { inheritAppConfig: true }),
    });
    await app.app.startAllMicroservices();
    const { port } = strategy.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    expect(await firstValueFrom(client.send('who', await op.mint()))).toBe('alice');
    await expect(firstValueFrom(client.send('guarded', ''))).rejects.toMatchObject({ message: 'Forbidden resource' });
    expect((await app.fetch('/auth/v2/userinfo', bearer(await op.mint()))).status).toBe(200);
    await client.close();
    await app.close();
  });
});
