import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenVerifier } from '../../lib/index.js';
import { bearer } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { startVerifyingApplication, type VerifyingApplication } from '../fixtures/verifying-application.js';

let op: TestOp;
let app: VerifyingApplication;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
  app = await startVerifyingApplication(op);
});
afterAll(async () => {
  await app.close();
  await op.close();
});
beforeEach(() => op.reset());

const now = () => Math.floor(Date.now() / 1_000);

describe('verified claims are remembered', () => {
  it('as facts, not as decisions: each route judges the same token by itself', async () => {
    const token = bearer(await op.mint());
    for (const status of [200, 200]) expect((await app.fetch('/me', token)).status).toBe(status);
    for (const status of [403, 403]) expect((await app.fetch('/admin', token)).status).toBe(status);
    expect((await app.fetch('/me', token)).status).toBe(200);
  });

  it('by the whole token: another signature is another token', async () => {
    const token = await op.mint();
    const [header, payload, signature] = token.split('.') as [string, string, string];
    expect(await app.verdict(token)).toBe('accepted');
    const foreignSignature = (await op.mint({ sub: 'bob' })).split('.')[2];
    expect(await app.verdict(`${header}.${payload}.${foreignSignature}`)).toMatch(/^401/);
    expect(await app.verdict(`${header}.${payload}.`)).toMatch(/^401/);
    // A last character may hold bits that mean nothing: the same bytes, but not the same token.
    expect(await app.verdict(`${header}.${payload}.${signature}`)).toBe('accepted');
  });

  it('as one frozen object', async () => {
    const verifier = app.app.get(TokenVerifier);
    const token = await op.mint({ realm_access: { roles: ['user'] } });
    const claims = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(claims);
    expect(() => ((claims as { sub: string }).sub = 'root')).toThrow(TypeError);
    expect(() => (claims['realm_access'] as { roles: string[] }).roles.push('admin')).toThrow(TypeError);
  });

  it('never past their expiry, whatever the tolerance', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      const verifier = app.app.get(TokenVerifier);
      const exp = now() + 30;
      const token = await op.mint({ exp });
      const claims = await verifier.verify(token);
      vi.setSystemTime(exp * 1_000 - 1);
      expect(await verifier.verify(token)).toBe(claims);
      vi.setSystemTime(exp * 1_000);
      const verifiedAnew = await verifier.verify(token);
      expect(verifiedAnew).toEqual(claims);
      expect(verifiedAnew).not.toBe(claims);
      expect(await verifier.verify(token)).not.toBe(verifiedAnew);
      vi.setSystemTime((exp + 11) * 1_000);
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'token_expired' });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a token of more than 16 KiB', () => {
  it('is refused unread, however well it is signed', async () => {
    const verifier = app.app.get(TokenVerifier);
    const large = await op.mint({ padding: 'x'.repeat(13_000) });
    expect(large.length).toBeGreaterThan(16_384);
    op.resetRequests();
    await expect(verifier.verify(large)).rejects.toMatchObject({ code: 'token_too_large' });
    await expect(verifier.verify('a'.repeat(10_000_000))).rejects.toMatchObject({ code: 'token_too_large' });
    expect(op.requests('jwks')).toHaveLength(0);
  });

  it('just fits below that', async () => {
    const verifier = app.app.get(TokenVerifier);
    const token = await op.mint({ padding: 'x'.repeat(11_500) });
    await expect(verifier.verify(token)).resolves.toMatchObject({ sub: 'alice' });
  });
});
