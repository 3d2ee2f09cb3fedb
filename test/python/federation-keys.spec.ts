import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryBrokerStore, type OidcAuthOptions } from '../../lib/index.js';
import { bearer } from '../fixtures/application.js';
import { decoded, forgedToken, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';
import { NestAddress, signInAt } from './nest-application.js';
import { PythonPeer } from './peer.js';

const UNKNOWN_KEY = '401 The token is signed by a key that its issuer does not publish.';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op?.close());
beforeEach(() => op.reset());

describe('keys that change, and applications that come and go', () => {
  let address: NestAddress;
  let app: RunningBroker | undefined;
  let peer: PythonPeer;
  beforeEach(async () => {
    address = await NestAddress.free();
    peer = await PythonPeer.start(op, [address.issuer]);
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await peer.remove();
    backToRealTime();
  });

  const start = async (options: Partial<OidcAuthOptions> = {}) =>
    (app = await address.start(op, { trustedIssuers: [peer.issuer], ...options }));
  const minted = async () => (await app!.broker.mint({ sub: 'a-job' })).access_token;
  const restarted = async (store: MemoryBrokerStore) => {
    await app!.close();
    return start({ brokerStoreObj: store });
  };

  it('the Python one follows our next signing key without refusing anything', async () => {
    stopTime();
    vi.setSystemTime(Date.now() - 66 * 60_000);
    await start({ accessTokenTtl: 24 * 3_600 });
    const before = await minted();
    expect(await peer.verdict(before)).toBe('accepted');
    const { kid } = await app!.broker.rotateSigningKey();
    // It asks just before the key is used, on account of somebody's nonsense, and may then not ask for a minute.
    await peer.pass(60);
    expect(await peer.verdict(await forgedToken(app!, { iss: address.issuer }, { kid: 'unknown' }))).toMatch(/^401 /);

    pass(66 * 60);
    const after = await minted();
    expect(decoded(after).header.kid).toBe(kid);
    expect(await peer.verdict(after)).toBe('accepted');
    expect(await peer.verdict(before)).toBe('accepted');
  });

  it('the Python one follows a revocation of ours within a minute; what was revoked it knows until it starts again', async () => {
    await start();
    const before = await minted();
    expect(await peer.verdict(before)).toBe('accepted');
    await app!.broker.rotateSigningKey({ revoke: true });
    const after = await minted();
    expect(await app!.verdict(before)).toBe(UNKNOWN_KEY);
    expect(await app!.verdict(after)).toBe('accepted');

    expect(await peer.verdict(after)).toMatch(/^401 /);
    await peer.pass(60);
    expect(await peer.verdict(after)).toBe('accepted');
    expect(await peer.verdict(before)).toBe('accepted');
    await peer.restart();
    expect(await peer.verdict(after)).toBe('accepted');
    expect(await peer.verdict(before)).toMatch(/^401 /);
  });

  it('ours goes on with a Python one that starts again, and follows its new key at once', async () => {
    await start();
    const before = await peer.signIn('alice');
    expect(await app!.verdict(before)).toBe('accepted');
    await peer.restart();
    expect(await app!.verdict(await peer.signIn('alice'))).toBe('accepted');
    expect(await app!.verdict(before)).toBe('accepted');

    await peer.restart({ withNewKey: true });
    const after = await peer.signIn('alice');
    expect(decoded(after).header.kid).not.toBe(decoded(before).header.kid);
    expect(await app!.verdict(after)).toBe('accepted');
    expect(await app!.verdict(before)).toBe(UNKNOWN_KEY);
  });

  it('ours starts while the Python one is down, serves everybody else, and knows it as soon as it is back', async () => {
    const token = await peer.signIn('alice');
    await peer.down();
    await start();
    expect(await app!.verdict(await signInAt(app!))).toBe('accepted');
    const refused = await app!.fetch('/who-am-i', bearer(token));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

    await peer.up();
    await expect.poll(() => app!.verdict(token)).toBe('accepted');
  });

  it('ours accepts its tokens while it is down, even after a restart of its own', async () => {
    const store = new MemoryBrokerStore();
    await start({ brokerStoreObj: store });
    const token = await peer.signIn('alice');
    expect(await app!.verdict(token)).toBe('accepted');
    await peer.down();
    expect(await app!.verdict(token)).toBe('accepted');
    await restarted(store);
    expect(await app!.verdict(token)).toBe('accepted');
  });

  it('the Python one accepts our tokens while ours is down, even after a restart of its own', async () => {
    await start();
    const token = await minted();
    expect(await peer.verdict(token)).toBe('accepted');
    await app!.close();
    app = undefined;
    expect(await peer.verdict(token)).toBe('accepted');
    await peer.restart();
    expect(await peer.verdict(token)).toBe('accepted');
  });

  it('the Python one that has asked in vain knows ours a minute after it is back', async () => {
    const store = new MemoryBrokerStore();
    await start({ brokerStoreObj: store });
    const token = await minted();
    await app!.close();
    expect(await peer.verdict(token)).toMatch(/^401 /);
    await start({ brokerStoreObj: store });
    expect(await peer.verdict(token)).toMatch(/^401 /);
    await peer.pass(60);
    expect(await peer.verdict(token)).toBe('accepted');
  });
});
