import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { sharedAudience, TestPeer } from '../fixtures/peer.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
let peer: TestPeer;
let operator: OperatorLines;
const running: RunningBroker[] = [];
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(async () => {
  await op.reset();
  operator = new OperatorLines();
  peer = await TestPeer.start();
});
afterEach(async () => {
  backToRealTime();
  await Promise.all(running.splice(0).map((app) => app.close()));
  await peer.down();
});

/** MemoryBrokerStore keeps its records when it is closed: a restart finds them again. */
async function start(auth: Partial<OidcAuthOptions> = {}): Promise<RunningBroker> {
  const options = { brokerAudience: sharedAudience, trustedIssuers: [peer.issuer], ...auth };
  const app = await startBroker(adapters[0], op, { auth: options, logger: operator });
  running.push(app);
  return app;
}

const peersIn = (store: MemoryBrokerStore) => store.list('peer', {}, { limit: 10 });

describe('the keys of a trusted issuer', () => {
  it('are there before its first token comes', async () => {
    const app = await start();
    await expect.poll(() => peer.fetches).toBe(1);
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expect(peer.fetches).toBe(1);
  });

  it('are fetched again as soon as a token names one that is new', async () => {
    const app = await start();
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    const before = await peer.mint();
    await peer.rotate();
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expect(await app.verdict(before)).toBe('accepted');
    expect(peer.fetches).toBe(2);
  });

  it('count no more once they were taken out, not even for a token that was seen before', async () => {
    const app = await start();
    const old = await peer.mint();
    expect(await app.verdict(old)).toBe('accepted');
    await peer.rotate({ keepOld: false });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expect(await app.verdict(old)).toMatch(/^401 /);
  });

  it('are asked for once by a flood of tokens with unknown ids', async () => {
    const app = await start();
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    const flood = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => peer.mint({}, { kid: `unknown-${index}` })),
    );
    expect(new Set(await Promise.all(flood.map((token) => app.verdict(token))))).toEqual(
      new Set(['401 The token is signed by a key that its issuer does not publish.']),
    );
    expect(peer.fetches).toBe(2);
  });
});

describe('a trusted issuer that is down', () => {
  it('while the application starts, keeps nobody else out, and is found when it is back', async () => {
    await peer.down();
    const app = await start();
    const { access_token } = await signIn(app);
    expect(await app.verdict(access_token)).toBe('accepted');
    const refused = await app.fetch('/who-am-i', bearer(await peer.mint()));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(operator.containing(`The keys of the trusted issuer "${peer.issuer}" cannot be had`)).not.toEqual([]);
    await peer.up();
    await expect.poll(async () => app.verdict(await peer.mint()), { timeout: 10_000 }).toBe('accepted');
  });

  it('is asked again where it starts a moment after the application, without a word', async () => {
    await peer.down();
    const app = await start();
    await peer.up();
    await expect.poll(() => peer.fetches, { timeout: 10_000 }).toBe(1);
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expect(peer.fetches).toBe(1);
    expect(operator.containing('cannot be had')).toEqual([]);
  });

  it('is told of once, where it is not there half a minute after the application started', async () => {
    stopTime();
    await peer.down();
    await start();
    pass(31);
    await expect
      .poll(() => operator.containing(`The keys of the trusted issuer "${peer.issuer}" cannot be had`), {
        timeout: 10_000,
      })
      .toHaveLength(1);
  });

  it('while the application starts again: its last known keys are in the store', async () => {
    const store = new MemoryBrokerStore();
    await start({ brokerStoreObj: store });
    await expect.poll(async () => (await peersIn(store)).length).toBe(1);
    await running.pop()!.close();
    await peer.down();
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });

  it('while it starts without its store, too: they are found when the store is back', async () => {
    const store = new BreakableStore();
    await start({ brokerStoreObj: store });
    await expect.poll(async () => (await peersIn(store)).length).toBe(1);
    await running.pop()!.close();
    await peer.down();
    store.break();
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toMatch(/^503 /);
    store.mend();
    await expect.poll(async () => app.verdict(await peer.mint()), { timeout: 20_000 }).toBe('accepted');
  });

  it('is not waited for where the store does not answer, nor the store where it does not', async () => {
    const store = new MemoryBrokerStore();
    const find = store.find.bind(store);
    store.find = (kind, id) => (kind === 'peer' ? new Promise(() => undefined) : find(kind, id));
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });

  it('and whose kept keys were sealed with an older key of the ring: reencrypt() takes them along', async () => {
    const [old, next] = [newEncryptionKey(), newEncryptionKey()];
    const store = new MemoryBrokerStore();
    await start({ brokerStoreObj: store, encryptionKeys: [old] });
    await expect.poll(async () => (await peersIn(store)).length).toBe(1);
    await running.pop()!.close();
    await peer.down();
    const both = await start({ brokerStoreObj: store, encryptionKeys: [next, old] });
    expect(await both.broker.reencrypt()).toEqual({ reencrypted: 2, unreadable: 0 });
    await running.pop()!.close();
    const app = await start({ brokerStoreObj: store, encryptionKeys: [next] });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });

  it('goes on being accepted, seen before or not', async () => {
    const app = await start();
    const seen = await peer.mint();
    expect(await app.verdict(seen)).toBe('accepted');
    await peer.down();
    expect(await app.verdict(seen)).toBe('accepted');
    expect(await app.verdict(await peer.mint({ sub: 'carol' }))).toBe('accepted');
  });

  it.each([
    ['an error', (response) => response.writeHead(500).end()],
    ['a page', (response) => response.end('<!doctype html>')],
    ['nothing', (response) => response.end()],
    ['no keys', (response) => response.end('{"keys":{}}')],
    ['too much', (response) => response.end(`{"keys":["${'x'.repeat(2 ** 20)}"]}`)],
    ['another address', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
  ] satisfies [string, NonNullable<TestPeer['answer']>][])(
    'or answers with %s: 502 or 503, and nothing of it is kept',
    async (_, answer) => {
      peer.answer = answer;
      const store = new MemoryBrokerStore();
      const app = await start({ brokerStoreObj: store });
      expect(await app.verdict(await peer.mint())).toMatch(/^50[23] /);
      expect(await peersIn(store)).toEqual([]);
      peer.answer = undefined;
      await expect.poll(async () => app.verdict(await peer.mint()), { timeout: 10_000 }).toBe('accepted');
    },
  );
});

describe('a trusted issuer that is slow', () => {
  it('holds up its own tokens alone', async () => {
    const quick = await TestPeer.start();
    peer.answer = () => undefined;
    const app = await start({ trustedIssuers: [peer.issuer, quick.issuer] });
    const waiting = app.verdict(await peer.mint());
    const { access_token } = await signIn(app);
    expect(await app.verdict(access_token)).toBe('accepted');
    expect(await app.verdict(await quick.mint())).toBe('accepted');
    peer.answer = undefined;
    await peer.down();
    expect(await waiting).toMatch(/^503 /);
    await quick.down();
  });
});

describe('who can write to the store', () => {
  it('cannot plant a key of an issuer', async () => {
    const store = new MemoryBrokerStore();
    await start({ brokerStoreObj: store });
    await expect.poll(async () => (await peersIn(store)).length).toBe(1);
    await running.pop()!.close();
    const [row] = await peersIn(store);
    await peer.down();
    const planted = { issuer: peer.issuer, keys: [peer.key.publicJwk], fetchedAt: Date.now() };
    for (const payload of [JSON.stringify(planted), Buffer.from(JSON.stringify(planted)).toString('base64url')]) {
      await store.remove('peer', row!.id);
      await store.insert('peer', row!.id, { version: 1, payload, expiresAt: row!.expiresAt });
      const app = await start({ brokerStoreObj: store });
      expect(await app.verdict(await peer.mint())).toMatch(/^503 /);
      await running.pop()!.close();
    }
  });

  it('cannot put the keys of one issuer in the place of another’s', async () => {
    const store = new MemoryBrokerStore();
    const second = await TestPeer.start();
    const trustedIssuers = [peer.issuer, second.issuer];
    await start({ brokerStoreObj: store, trustedIssuers });
    await expect.poll(async () => (await peersIn(store)).length).toBe(2);
    await running.pop()!.close();
    await Promise.all([peer.down(), second.down()]);
    const [one, two] = await peersIn(store);
    for (const [place, content] of [
      [one!, two!],
      [two!, one!],
    ] as const) {
      await store.remove('peer', place.id);
      await store.insert('peer', place.id, { ...content, version: 1 });
    }
    const app = await start({ brokerStoreObj: store, trustedIssuers });
    expect(await app.verdict(await second.mint({ iss: peer.issuer }))).toMatch(/^503 /);
    expect(await app.verdict(await peer.mint())).toMatch(/^503 /);
  });
});
