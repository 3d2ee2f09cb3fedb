import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BrokerStore,
  MemoryBrokerStore,
  type BrokerRecord,
  type BrokerRecordKind,
  type BrokerStoreProvider,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startBroker, type RunningBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const sessionsIn = async (store: BrokerStore) => (await store.list('grant', {}, { limit: 10 })).length;

@Injectable()
class Place {
  readonly store = new MemoryBrokerStore();
}

/** A store that Nest makes, with a dependency of its own. */
@Injectable()
class InjectedStore extends MemoryBrokerStore {
  constructor(@Inject(Place) readonly place: Place) {
    super();
  }
}

@Module({ providers: [Place, InjectedStore], exports: [Place, InjectedStore] })
class PlaceModule {}

describe.each(adapters)('the store of an application, on $name', (adapter) => {
  const shared = new MemoryBrokerStore();

  it.each<[string, BrokerStoreProvider]>([
    ['useValue', { useValue: shared }],
    ['useClass', { useClass: InjectedStore }],
    ['useExisting', { useExisting: InjectedStore }],
    ['useFactory', { useFactory: (place: Place) => place.store, inject: [Place] }],
    ['an asynchronous useFactory', { useFactory: async () => shared }],
  ])('comes from the brokerStore extra by %s', async (_, brokerStore) => {
    const app = await startBroker(adapter, op, { auth: { brokerStore, imports: [PlaceModule] } });
    const store = app.app.get(BrokerStore);
    const before = await sessionsIn(store);
    await signIn(app);
    expect(await sessionsIn(store)).toBe(before + 1);
    if ('useExisting' in brokerStore) expect(store).toBe(app.app.get(InjectedStore, { strict: false }));
    if ('useClass' in brokerStore) expect((store as InjectedStore).place).toBeInstanceOf(Place);
    if ('useValue' in brokerStore) expect(store).toBe(shared);
    await app.close();
  });

  it('is the object that the options give, and is closed with the application', async () => {
    const close = vi.fn(async () => undefined);
    const brokerStoreObj = Object.assign(new MemoryBrokerStore(), { close });
    const app = await startBroker(adapter, op, { auth: { brokerStoreObj } });
    expect(app.app.get(BrokerStore)).toBe(brokerStoreObj);
    await app.close();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

it('a store is given records that leave out what they have not, rather than say undefined', async () => {
  const given: BrokerRecord[] = [];
  class WritingStore extends MemoryBrokerStore {
    override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
      given.push(record);
      return super.insert(kind, id, record);
    }
    override replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
      given.push(record);
      return super.replace(kind, id, version, record);
    }
  }
  const app = await startBroker(adapters[0], op, { auth: { brokerStoreObj: new WritingStore() } });
  await app.refresh((await signIn(app)).refresh_token!);
  await app.close();
  expect(given.length).toBeGreaterThan(5);
  expect(given.filter((record) => Object.values(record).includes(undefined))).toEqual([]);
});

describe('an application in broker mode that names no store', () => {
  let folder: string;
  const running: RunningBroker[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'data-home-'));
    vi.stubEnv('XDG_DATA_HOME', folder);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  async function start(auth: object = {}, logger = new OperatorLines()): Promise<RunningBroker> {
    const app = await startBroker(adapters[1], op, { auth: { brokerStoreObj: undefined, ...auth }, logger });
    running.push(app);
    return app;
  }

  const files = (appName: string) => readdirSync(join(folder, appName)).filter((name) => name.endsWith('.sqlite'));

  it("keeps its sessions in a file of the user's data folder, and says where", async () => {
    const logger = new OperatorLines();
    const app = await start({}, logger);
    const [file, ...others] = files('nestjs-oidc-auth');
    expect(others).toEqual([]);
    expect(file).toMatch(/^[0-9a-f]{32}\.sqlite$/);
    const path = join(folder, 'nestjs-oidc-auth', file!);
    expect(logger.containing(`Broker mode keeps its sessions in ${path}`)).toHaveLength(1);
    expect(statSync(path).mode & 0o077).toBe(0);
    await signIn(app);
  });

  it('finds its sessions and keys again after a restart', async () => {
    const tokens = await signIn(await start());
    await running.pop()!.close();
    const app = await start();
    expect(await app.verdict(tokens.access_token)).toBe('accepted');
    expect((await app.refresh(tokens.refresh_token!)).status).toBe(200);
  });

  it('has a file of its own for each client, and a folder for each appName', async () => {
    await start();
    await start({ clientId: 'another-client' });
    expect(files('nestjs-oidc-auth')).toHaveLength(2);
    await start({ appName: 'my-app' });
    expect(files('my-app')).toHaveLength(1);
  });
});
