import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryBrokerStore, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { sharedAudience, TestPeer } from '../fixtures/peer.js';
import { accessTokenPayload, rawJws } from '../fixtures/raw-jwt.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

/** s */
const HOUR = 3_600;

function rsaKey(modulusLength: number) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' } };
}

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

/** An application that has fetched the keys of its peer and kept them ran on this store, and is gone. */
async function startAndClose(store: MemoryBrokerStore, auth: Partial<OidcAuthOptions> = {}): Promise<void> {
  await start({ brokerStoreObj: store, ...auth });
  await expect.poll(async () => (await peersIn(store)).length).toBe(1);
  await running.pop()!.close();
}

/** Whatever has happened since the peer was asked has not waited until it was given up. */
function expectStillAsked(): void {
  expect(operator.containing('cannot be had')).toEqual([]);
  expect(peer.waiting).toBe(1);
}

/** The peer answers with this JWK Set instead of its own. */
function publish(...keys: unknown[]): void {
  peer.answer = (response) => response.end(JSON.stringify({ keys }));
}

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
    await expect.poll(async () => app.verdict(await peer.mint())).toBe('accepted');
  });

  it('is asked again where it starts a moment after the application, without a word', async () => {
    await peer.down();
    const app = await start();
    await peer.up();
    await expect.poll(() => peer.fetches).toBe(1);
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
    await startAndClose(store);
    await peer.down();
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });

  it('is believed for a day since its keys were fetched: a restart makes them no fresher', async () => {
    stopTime();
    const store = new MemoryBrokerStore();
    await startAndClose(store);
    await peer.down();
    pass(23 * HOUR);
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    pass(HOUR);
    expect(await app.verdict(await peer.mint())).toMatch(/^503 /);
    await running.pop()!.close();
    const later = await start({ brokerStoreObj: store });
    expect(await later.verdict(await peer.mint())).toMatch(/^503 /);
  });

  it('is not believed where the clock has gone back since its keys were kept, as they would not grow old', async () => {
    stopTime();
    const store = new MemoryBrokerStore();
    await startAndClose(store);
    await peer.down();
    vi.setSystemTime(Date.now() - HOUR * 1_000);
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toMatch(/^503 /);
  });

  it('is believed, after a restart, by the algorithms that it announced before', async () => {
    const provider = await startOp();
    provider.faults.set(
      'jwks',
      fault.json((body) => ({ keys: body['keys'].map((key: object) => ({ ...key, alg: undefined })) })),
    );
    const { privateKey, kid } = provider.currentKey;
    const token = (alg: string) => rawJws({ privateKey }, { alg, kid }, accessTokenPayload(provider.issuer));
    const options = { trustedIssuers: [{ issuer: provider.issuer, kind: 'idp' as const, audience: 'test-api' }] };
    const store = new MemoryBrokerStore();
    await startAndClose(store, options);
    await provider.down();
    const app = await start({ brokerStoreObj: store, ...options });
    expect(await app.verdict(token('RS256'))).toBe('accepted');
    expect(await app.verdict(token('PS256'))).toBe(
      '401 The token is signed with an algorithm that is not accepted here.',
    );
  });

  it('while it starts without its store, too: they are found when the store is back', async () => {
    const store = new BreakableStore();
    await startAndClose(store);
    await peer.down();
    store.break();
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toMatch(/^503 /);
    store.mend();
    await expect.poll(async () => app.verdict(await peer.mint()), { timeout: 20_000 }).toBe('accepted');
  });

  it('is not waited for where its last known keys are in the store', async () => {
    const store = new MemoryBrokerStore();
    await startAndClose(store);
    peer.hang();
    const app = await start({ brokerStoreObj: store });
    await expect.poll(() => peer.waiting).toBe(1);
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expectStillAsked();
  });

  it('or not: the store is not waited for where that does not answer', async () => {
    const store = new MemoryBrokerStore();
    const find = store.find.bind(store);
    store.find = (kind, id) => (kind === 'peer' ? new Promise(() => undefined) : find(kind, id));
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });

  it('and whose kept keys were sealed with an older key of the ring: reencrypt() takes them along', async () => {
    const [old, next] = [newEncryptionKey(), newEncryptionKey()];
    const store = new MemoryBrokerStore();
    await startAndClose(store, { encryptionKeys: [old] });
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
    ['no list of keys', (response) => response.end('{"keys":{}}')],
    ['no key', (response) => response.end('{"keys":[]}')],
    ['keys of no use', (response) => response.end('{"keys":[null,{"kty":"oct","k":"AAAA"},{"kty":"EC"}]}')],
    ['a key that is too short', (response) => response.end(JSON.stringify({ keys: [rsaKey(1024).jwk] }))],
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
      expect(peer.strays).toEqual([]);
      peer.answer = undefined;
      await expect.poll(async () => app.verdict(await peer.mint())).toBe('accepted');
    },
  );
});

describe('a trusted issuer that publishes no usable key any more', () => {
  it('goes on being accepted by the keys that are known, also after a restart', async () => {
    stopTime();
    const store = new MemoryBrokerStore();
    const app = await start({ brokerStoreObj: store });
    const seen = await peer.mint({ exp: Math.floor(Date.now() / 1_000) + HOUR });
    expect(await app.verdict(seen)).toBe('accepted');
    const kept = await peersIn(store);
    expect(kept).toHaveLength(1);

    publish({ kty: 'oct', k: 'AAAA' });
    pass(600);
    expect(await app.verdict(seen)).toBe('accepted');
    await expect.poll(() => operator.containing('none that can verify a token')).toHaveLength(1);
    expect(operator.containing('none that can verify a token')[0]).toContain(`"${peer.issuer}"`);
    expect(await app.verdict(seen)).toBe('accepted');
    expect(await app.verdict(await peer.mint({ sub: 'carol' }))).toBe('accepted');

    await running.pop()!.close();
    expect(await peersIn(store)).toEqual(kept);
    await peer.down();
    const again = await start({ brokerStoreObj: store });
    expect(await again.verdict(await peer.mint())).toBe('accepted');
  });
});

describe('among the keys of a trusted issuer', () => {
  it('one that is too short verifies nothing', async () => {
    const short = rsaKey(1024);
    publish(peer.key.publicJwk, { ...short.jwk, kid: 'short' });
    const app = await start();
    const payload = accessTokenPayload(peer.issuer, { aud: sharedAudience });
    expect(await app.verdict(rawJws(short.privateKey, { alg: 'RS256', kid: 'short' }, payload))).toMatch(/^401 /);
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });

  it('two of one name are tried both', async () => {
    const twin = { ...(await generateSigningKey('RS256')), kid: peer.key.kid };
    publish(peer.key.publicJwk, { ...twin.publicJwk, kid: twin.kid });
    const app = await start();
    expect(await app.verdict(await peer.mint())).toBe('accepted');
    expect(await app.verdict(await peer.mint({}, {}, twin))).toBe('accepted');
  });

  it('one that is private by mistake verifies as its public half, also when it comes from the store', async () => {
    const store = new MemoryBrokerStore();
    publish(peer.key.privateJwk);
    await startAndClose(store);
    await peer.down();
    const app = await start({ brokerStoreObj: store });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });
});

describe('a trusted issuer that is slow', () => {
  it('holds up neither the start of the application nor other tokens', async () => {
    const quick = await TestPeer.start();
    peer.hang();
    const app = await start({ trustedIssuers: [peer.issuer, quick.issuer] });
    await expect.poll(() => peer.fetches).toBe(1);
    expectStillAsked();
    const waiting = app.verdict(await peer.mint());
    const { access_token } = await signIn(app);
    expect(await app.verdict(access_token)).toBe('accepted');
    expect(await app.verdict(await quick.mint())).toBe('accepted');
    expectStillAsked();
    await peer.down();
    expect(await waiting).toMatch(/^503 /);
    await quick.down();
  });

  it('is waited for while nothing is known of it', async () => {
    peer.hang();
    const app = await start();
    const waiting = app.verdict(await peer.mint());
    await expect.poll(() => peer.waiting).toBe(1);
    peer.recover();
    expect(await waiting).toBe('accepted');
    expect(peer.fetches).toBe(1);
  });

  it('holds up none of its own tokens once its keys are known, seen before or not', async () => {
    stopTime();
    const app = await start();
    const seen = await peer.mint({ exp: Math.floor(Date.now() / 1_000) + HOUR });
    expect(await app.verdict(seen)).toBe('accepted');
    peer.hang();
    pass(600);
    expect(await app.verdict(seen)).toBe('accepted');
    await expect.poll(() => peer.waiting).toBe(1);
    expect(await app.verdict(seen)).toBe('accepted');
    expect(await app.verdict(await peer.mint({ sub: 'carol' }))).toBe('accepted');
    expectStillAsked();
  });
});

describe('a record of keys that no key of the ring opens', () => {
  it('is replaced as soon as the issuer answers', async () => {
    const [lost, ring] = [newEncryptionKey(), newEncryptionKey()];
    const store = new MemoryBrokerStore();
    await startAndClose(store, { encryptionKeys: [lost] });
    const [before] = await peersIn(store);
    await start({ brokerStoreObj: store, encryptionKeys: [ring] });
    await expect.poll(async () => (await peersIn(store)).map(({ payload }) => payload)).not.toEqual([before!.payload]);
    await expect.poll(async () => (await peersIn(store)).length).toBe(1);
    await running.pop()!.close();
    await peer.down();
    const app = await start({ brokerStoreObj: store, encryptionKeys: [ring] });
    expect(await app.verdict(await peer.mint())).toBe('accepted');
  });
});

describe('who can write to the store', () => {
  it('cannot plant a key of an issuer', async () => {
    const store = new MemoryBrokerStore();
    await startAndClose(store);
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
