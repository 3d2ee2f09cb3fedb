import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

let op: TestOp;
let app: VerifyingApplication | undefined;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());
beforeEach(() => op.reset());
afterEach(() => app?.close());

describe.each(adapters)('on $name, 64 requests at once, before anything is known', (adapter) => {
  it('cause one discovery and one fetch of the keys', async () => {
    op.faults.set('discovery', fault.delay(50));
    op.faults.set('jwks', fault.delay(50));
    const tokens = await Promise.all(Array.from({ length: 64 }, (_, index) => op.mint({ sub: `user-${index}` })));
    app = await startVerifyingApplication(op, {}, adapter);
    const verdicts = await Promise.all(tokens.map((token) => app!.verdict(token)));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(op.requests('discovery')).toHaveLength(1);
    expect(op.requests('jwks')).toHaveLength(1);
  });
});

it('what the first token needs is there before it comes', async () => {
  app = await startVerifyingApplication(op);
  await expect.poll(() => op.requests('jwks').length).toBe(1);
  expect(await app.verdict(await op.mint())).toBe('accepted');
  expect(op.requests('discovery')).toHaveLength(1);
  expect(op.requests('jwks')).toHaveLength(1);
});

describe.each(adapters)('on $name, while the provider is down', (adapter) => {
  it('the application boots, answers 503 to tokens and nobody to an optional guard, and recovers by itself', async () => {
    await op.down();
    app = await startVerifyingApplication(op, {}, adapter);
    const token = await op.mint();
    const refused = await app.fetch('/me', bearer(token));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable', statusCode: 503 });
    expect(await (await app.fetch('/maybe-me', bearer(token))).json()).toEqual({ sub: null });
    expect((await app.fetch('/me')).status).toBe(401);
    await op.up();
    await expect.poll(() => app!.verdict(token), { interval: 100 }).toBe('accepted');
  });

  it('says in the log where it was looked for, and that the application runs on', async () => {
    await op.down();
    app = await startVerifyingApplication(op, {}, adapter);
    await expect.poll(() => app!.operator.containing('cannot be reached')).not.toHaveLength(0);
    expect(app.operator.containing('cannot be reached')[0]).toContain(op.discoveryUrl);
  });

  it('tokens are verified with the keys that are known, seen before or not', async () => {
    app = await startVerifyingApplication(op, {}, adapter);
    const seen = await op.mint();
    expect(await app.verdict(seen)).toBe('accepted');
    await op.down();
    expect(await app.verdict(seen)).toBe('accepted');
    expect(await app.verdict(await op.mint({ sub: 'bob' }))).toBe('accepted');
    expect(await app.verdict(await op.mint({ exp: 1 }))).toBe('401 The token has expired.');
  });
});

describe.each(adapters)('on $name, no keys can be had', (adapter) => {
  it.each([
    ['the keys cannot be reached', 'jwks', fault.down, 503],
    ['the provider fails', 'jwks', fault.status(500), 503],
    ['the provider is overloaded', 'discovery', fault.status(503), 503],
    ['the provider limits us', 'jwks', fault.status(429), 503],
    ['a captive portal answers', 'jwks', fault.html, 502],
    ['the answer is empty', 'discovery', fault.empty, 502],
    ['the answer is cut off', 'jwks', fault.garbage, 502],
    ['the answer has no keys', 'jwks', fault.without('keys'), 502],
    ['the keys are no list', 'jwks', fault.json(() => ({ keys: 'none' })), 502],
    ['the answer is a redirect', 'jwks', fault.redirect('http://127.0.0.1:1/jwks'), 502],
    ['the answer is too large', 'jwks', fault.oversized, 502],
    ['the keys are gone', 'jwks', fault.status(404), 502],
    ['the metadata names no keys', 'discovery', fault.without('jwks_uri'), 502],
    [
      'the metadata names another issuer',
      'discovery',
      fault.json((body) => ({ ...body, issuer: 'https://x.test' })),
      502,
    ],
    [
      'the keys are on plain http elsewhere',
      'discovery',
      fault.json((body) => ({ ...body, jwks_uri: 'http://10.0.0.1/' })),
      502,
    ],
  ] as const)('%s', async (_what, endpoint, broken, status) => {
    op.faults.set(endpoint, broken);
    app = await startVerifyingApplication(op, {}, adapter);
    const response = await app.fetch('/me', bearer(await op.mint()));
    expect(response.status).toBe(status);
    expect(response.headers.has('retry-after')).toBe(status === 503);
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(await response.text()).not.toContain(new URL(op.issuer).host);
    expect(await (await app.fetch('/maybe-me', bearer(await op.mint()))).json()).toEqual({ sub: null });
  });

  it('in time', async () => {
    op.faults.set('jwks', fault.hang);
    app = await startVerifyingApplication(op, { timeout: 100 }, adapter);
    expect((await app.fetch('/me', bearer(await op.mint()))).status).toBe(503);
  });
});

describe('what the options name', () => {
  it('is not asked for: with issuer, jwksUri and algorithms there is no discovery', async () => {
    const jwksUri = `${op.issuer}/jwks`;
    app = await startVerifyingApplication(op, { issuer: op.issuer, jwksUri, algorithms: ['ES256'] });
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(op.requests('discovery')).toHaveLength(0);
  });

  it('wins over the metadata: keys come from jwksUri', async () => {
    const elsewhere = createServer((_request, response) => {
      response.end(JSON.stringify({ keys: [op.currentKey.publicJwk] }));
    });
    await new Promise<void>((resolve) => void elsewhere.listen(0, '127.0.0.1', resolve));
    const jwksUri = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    app = await startVerifyingApplication(op, { jwksUri });
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(op.requests('jwks')).toHaveLength(0);
    elsewhere.close();
  });

  it('is used for every request: fetch', async () => {
    const asked: string[] = [];
    const recording: typeof fetch = (input, init) => {
      asked.push(new URL(String(input)).pathname);
      return fetch(input, init);
    };
    app = await startVerifyingApplication(op, { fetch: recording });
    expect(await app.verdict(await op.mint())).toBe('accepted');
    expect(asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });
});
