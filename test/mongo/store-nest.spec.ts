import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { DynamicModule } from '@nestjs/common';
import { getConnectionToken, MongooseModule, type MongooseModuleOptions } from '@nestjs/mongoose';
import { STATES, type Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcAuthModule, type OidcAuthOptions } from '../../lib/index.js';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication } from '../fixtures/application.js';
import { InterruptibleStore } from '../fixtures/broker-process/interruptible-store.js';
import { Barrier, Interruptions } from '../fixtures/broker-process/interruptions.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { administerMongo, mongoStandaloneUrl, mongoUrl } from '../fixtures/databases/index.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { newRefreshToken } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

const authOptions = (): OidcAuthOptions => ({
  ...clientOptions(op),
  brokerMode: true,
  brokerIssuer: 'https://broker.example.org',
});

/** How the store comes to its connection, as docs/stores.md has it. */
const ways: Readonly<Record<string, (connectionName?: string) => DynamicModule>> = {
  'by forRootAsync': (connectionName) =>
    OidcAuthModule.forRootAsync({
      inject: [getConnectionToken(connectionName)],
      useFactory: (connection: Connection) => ({
        ...authOptions(),
        brokerStoreObj: new MongooseBrokerStore(connection),
      }),
    }),
  'by the brokerStore extra': (connectionName) =>
    OidcAuthModule.forRoot({
      ...authOptions(),
      brokerStore: {
        inject: [getConnectionToken(connectionName)],
        useFactory: (connection: Connection) => new MongooseBrokerStore(connection),
      },
    }),
};

const connections: Readonly<Record<string, MongooseModuleOptions>> = {
  'the default connection': {},
  'a named connection that is made lazily': { connectionName: 'auth', lazyConnection: true },
};

async function start(adapter: Adapter, way: string, uri: string, options: MongooseModuleOptions) {
  const logger = new CapturingLogger();
  const mongoose = MongooseModule.forRoot(uri, options);
  const auth = ways[way]!(options.connectionName);
  const app = await startApplication(adapter, {
    module: { imports: [auth, mongoose] },
    logger,
  });
  return { ...app, logger, connection: app.app.get<Connection>(getConnectionToken(options.connectionName)) };
}

describe.each(adapters)('an application with @nestjs/mongoose on $name', (adapter) => {
  it.each(Object.keys(ways).flatMap((way) => Object.keys(connections).map((name) => [name, way] as const)))(
    'keeps its sessions by %s, given %s, and finds them after a restart',
    async (name, way) => {
      const uri = await mongoUrl();
      const first = await start(adapter, way, uri, connections[name]!);
      const refreshToken = await newRefreshToken(first);
      await first.close();
      expect(first.connection.readyState).toBe(STATES.disconnected);

      const second = await start(adapter, way, uri, connections[name]!);
      const refreshed = await second.fetch('/auth/v2/token', form({ refresh_token: refreshToken }));
      expect((await tokensIn(refreshed)).refresh_token).not.toBe(refreshToken);
      expect(second.connection.modelNames()).toEqual([]);
      await second.close();
      for (const { logger } of [first, second]) expect(logger.text('error') + logger.text('warn')).toBe('');
      const grants = await administerMongo(uri, (client) =>
        client
          .db()
          .collection<{ _id: string }>('oidc_auth_records')
          .countDocuments({ _id: /^grant:/ }),
      );
      expect(grants).toBe(1);
    },
  );
});

describe.each(adapters)('an application with several connections on $name', (adapter) => {
  it('keeps its sessions by the one that the store was given, and nothing by the default one', async () => {
    const [theirs, ours] = [await mongoUrl(), await mongoUrl()];
    const app = await startApplication(adapter, {
      module: {
        imports: [
          MongooseModule.forRoot(theirs),
          MongooseModule.forRoot(ours, { connectionName: 'auth' }),
          ways['by forRootAsync']!('auth'),
        ],
      },
    });
    await newRefreshToken(app);
    await app.close();
    expect(await collectionsOf(theirs)).toEqual([]);
    expect(await collectionsOf(ours)).toEqual(['oidc_auth_records']);
  });

  const collectionsOf = (url: string) =>
    administerMongo(url, async (client) =>
      (await client.db().listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name),
    );
});

describe.each(adapters)('an application whose connection is closed with it, on $name,', (adapter) => {
  const interruptions = new Interruptions();
  const authModule = () =>
    OidcAuthModule.forRoot({
      ...authOptions(),
      brokerStore: {
        inject: [getConnectionToken()],
        useFactory: (connection: Connection) =>
          new InterruptibleStore(new MongooseBrokerStore(connection), () => interruptions),
      },
    });

  it.each<[string, (mongoose: DynamicModule, auth: DynamicModule) => DynamicModule[]]>([
    ['before', (mongoose, auth) => [mongoose, auth]],
    ['after', (mongoose, auth) => [auth, mongoose]],
  ])('has written a refresh that is under way first: MongooseModule imported %s the library', async (_, inOrder) => {
    const uri = await mongoUrl();
    const start = async () => {
      const app = await startApplication(adapter, {
        module: { imports: inOrder(MongooseModule.forRoot(uri), authModule()) },
      });
      return { ...app, refresh: (token: string) => app.fetch('/auth/v2/token', form({ refresh_token: token })) };
    };
    const app = await start();
    const connection = app.app.get<Connection>(getConnectionToken());
    const [running, other] = [await newRefreshToken(app), await newRefreshToken(app)];
    const barrier = new Barrier();
    interruptions.begin({ 'before replace 2': barrier.hold });
    const answer = app.refresh(running);
    await barrier.arrived;
    const closing = app.close();
    // Refused, as it is closing already.
    await expectUnavailable(await app.refresh(other));
    expect(connection.readyState).toBe(STATES.connected);
    barrier.open();
    const { refresh_token: next } = await tokensIn(await answer);
    await closing;
    expect(connection.readyState).toBe(STATES.disconnected);

    interruptions.begin({});
    const again = await start();
    await tokensIn(await again.refresh(next!));
    await again.close();
  });
});

describe('after app.close() with a store by URL', () => {
  it('the process ends by itself', async () => {
    const script = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
    const urls = [await mongoUrl(), await mongoStandaloneUrl()];
    const child = spawn(
      process.execPath,
      ['--import', script('process/register.mjs'), script('process/closing-brokers.ts'), op.discoveryUrl, ...urls],
      // What does not end by itself is ended, and that is seen by the signal.
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 100_000, env: { ...process.env, NODE_ENV: 'test' } },
    );
    const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const expected = adapters.flatMap(({ name }) => urls.map(() => `${name} mongodb: accepted`));
    expect(output.trim().split('\n')).toEqual(expected);
    expect(exit).toEqual([0, null]);
  }, 120_000);
});
