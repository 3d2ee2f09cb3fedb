import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { fault, generateSigningKey, startOp, type SigningKey, type TestOp } from '../fixtures/op/index.js';
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

  it('is named by tokens of somebody else, it is not asked for their keys', async () => {
    await start();
    op.resetRequests();
    const token = await op.signWith(foreign, { iss: 'https://idp.example.org' });
    expect(await app.verdict(token)).toBe('401 The token comes from an issuer that is not trusted here.');
    expect(op.requests('jwks')).toHaveLength(0);
  });
});
