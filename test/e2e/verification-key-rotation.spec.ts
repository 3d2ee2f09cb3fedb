import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { fault, generateSigningKey, startOp, type SigningKey, type TestOp } from '../fixtures/op/index.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

const UNKNOWN_KEY = '401 The token is signed by a key that its issuer does not publish.';

let foreign: SigningKey;
beforeAll(async () => {
  foreign = await generateSigningKey('ES256');
});

describe.each(adapters)('on $name, when the provider', (adapter) => {
  let op: TestOp;
  let app: VerifyingApplication;
  const start = async () => {
    op = await startOp({ signingAlgorithm: 'ES256' });
    app = await startVerifyingApplication(op, {}, adapter);
    expect(await app.verdict(await op.mint())).toBe('accepted');
  };
  afterEach(async () => {
    backToRealTime();
    await app.close();
    await op.close();
  });

  it('signs with a new key, its tokens are accepted at once, and those of the old key still are', async () => {
    await start();
    const old = await op.mint();
    const unseen = await op.mint({ sub: 'bob' });
    expect(await app.verdict(old)).toBe('accepted');
    await op.rotateKeys();
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(await app.verdict(old)).toBe('accepted');
    expect(await app.verdict(unseen)).toBe('accepted');
  });

  it('withdraws a key, its tokens are refused once that is known, also those that were verified before', async () => {
    await start();
    const cached = await op.mint();
    const unseen = await op.mint({ sub: 'bob' });
    expect(await app.verdict(cached)).toBe('accepted');
    await op.rotateKeys({ keepOld: false });
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(await app.verdict(cached)).toBe(UNKNOWN_KEY);
    expect(await app.verdict(unseen)).toBe(UNKNOWN_KEY);
  });

  it('publishes another key under a known name, tokens of the key before are refused', async () => {
    await start();
    const cached = await op.mint();
    const { currentKid } = op;
    expect(await app.verdict(cached)).toBe('accepted');
    op.faults.set(
      'jwks',
      fault.json(() => ({ keys: [{ ...foreign.publicJwk, kid: currentKid }] })),
    );
    expect(await app.verdict(await op.mint({}, { kid: 'unknown' }))).toBe(UNKNOWN_KEY);
    expect(await app.verdict(cached)).toBe('401 The signature of the token is not valid.');
    expect(await app.verdict(await op.signWith({ ...foreign, kid: currentKid }))).toBe('accepted');
  });

  it('is asked for keys nobody knows, it is asked once, and known keys do not wait for that', async () => {
    await start();
    const known = await op.mint();
    op.resetRequests();
    let answer!: () => void;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    op.faults.set('jwks', async (_context, next) => {
      await answered;
      await next();
    });
    const unknown = Array.from({ length: 40 }, async (_, index) =>
      app.fetch('/me', bearer(await op.mint({}, { kid: `unknown-${index}` }))),
    );
    await expect.poll(() => op.requests('jwks')).toHaveLength(1);
    expect(await app.verdict(known)).toBe('accepted');
    expect(await app.verdict(await op.mint({ sub: 'bob' }))).toBe('accepted');
    answer();
    const statuses = (await Promise.all(unknown)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    for (let index = 0; index < 40; index++) {
      expect(await app.verdict(await op.mint({}, { kid: `later-${index}` }))).toBe(UNKNOWN_KEY);
    }
    expect(op.requests('jwks')).toHaveLength(1);
  });

  it('signs with a new key every second, it is asked once in 10 s, and its newest key is found then', async () => {
    stopTime();
    await start();
    const known = await op.mint();
    op.resetRequests();
    const accepted: number[] = [];
    for (let second = 1; second <= 25; second++) {
      pass(1);
      await op.rotateKeys();
      const verdict = await app.verdict(await op.mint());
      expect(['accepted', UNKNOWN_KEY]).toContain(verdict);
      if (verdict === 'accepted') accepted.push(second);
      expect(await app.verdict(known)).toBe('accepted');
    }
    expect(accepted).toEqual([1, 11, 21]);
    expect(op.requests('jwks')).toHaveLength(3);
  });

  it('publishes no key for a while, those that are known go on being used, and new ones are found afterwards', async () => {
    stopTime();
    await start();
    const seen = await op.mint({ exp: Math.floor(Date.now() / 1_000) + 3_600 });
    expect(await app.verdict(seen)).toBe('accepted');
    op.resetRequests();
    op.faults.set('jwks', fault.status(200, { keys: [] }));
    pass(600);
    expect(await app.verdict(seen)).toBe('accepted');
    await expect.poll(() => app.operator.containing('none that can verify a token')).toHaveLength(1);
    expect(await app.verdict(seen)).toBe('accepted');
    expect(await app.verdict(await op.mint({ sub: 'bob' }))).toBe('accepted');

    pass(10);
    await op.rotateKeys();
    const { status } = await app.fetch('/me', bearer(await op.mint()));
    expect(status).toBe(502);
    op.faults.clear();
    pass(10);
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(op.requests('jwks')).toHaveLength(3);
  });

  it('published no key when the application started, that is forgotten as soon as it does', async () => {
    op = await startOp({ signingAlgorithm: 'ES256' });
    op.faults.set('jwks', fault.status(200, { keys: [] }));
    app = await startVerifyingApplication(op, {}, adapter);
    expect(await app.verdict(await op.mint())).toBe(
      '502 The identity provider gave an answer that cannot be understood.',
    );
    op.faults.clear();
    await expect.poll(async () => app.verdict(await op.mint())).toBe('accepted');
  });

  it('is named by tokens of somebody else, it is not asked for their keys', async () => {
    await start();
    op.resetRequests();
    const token = await op.signWith(foreign, { iss: 'https://idp.example.org' });
    expect(await app.verdict(token)).toBe('401 The token comes from an issuer that is not trusted here.');
    expect(op.requests('jwks')).toHaveLength(0);
  });
});
