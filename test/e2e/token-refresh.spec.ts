import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { newRefreshToken, signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('refresh, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const refresh = (refreshToken: string) => app.fetch('/auth/v2/token', form({ refresh_token: refreshToken }));

  it('answers new tokens, again and again', async () => {
    let last = await signIn(app);
    for (let round = 0; round < 3; round++) {
      const next = await tokensIn(await refresh(last.refresh_token!));
      expect(next.access_token).not.toBe(last.access_token);
      expect(next.refresh_token).not.toBe(last.refresh_token);
      last = next;
    }
    const userinfo = await app.fetch('/auth/v2/userinfo', {
      headers: { authorization: `Bearer ${last.access_token}` },
    });
    expect(await userinfo.json()).toMatchObject({ sub: 'alice' });
  });

  it('of a token that was already used is refused with the answer of the provider', async () => {
    const first = await newRefreshToken(app);
    const { refresh_token: second } = await tokensIn(await refresh(first));
    await expectOAuthError(await refresh(first), 400, 'invalid_grant');
    // The provider has ended the whole family.
    await expectOAuthError(await refresh(second!), 400, 'invalid_grant');
  });

  it('shares one request to the provider among equal requests at one moment', async () => {
    const refreshToken = await newRefreshToken(app);
    op.resetRequests();
    const allHaveArrived = arrivals(app, 10);
    op.faults.once('token', async (_ctx, next) => {
      await allHaveArrived;
      await next();
    });
    const responses = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
    const bodies = await Promise.all(responses.map((response) => response.text()));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(new Set(bodies).size).toBe(1);
    expect(op.requests('token')).toHaveLength(1);
  });

  it('shares nothing between different tokens', async () => {
    const tokens = [await newRefreshToken(app), await newRefreshToken(app)];
    op.faults.once('token', fault.delay(100), fault.delay(100));
    const answers = await Promise.all(tokens.map(async (token) => tokensIn(await refresh(token))));
    expect(answers[0]?.refresh_token).not.toBe(answers[1]?.refresh_token);
  });

  it('repeats the presented token where the provider sends no new one', async () => {
    const refreshToken = await newRefreshToken(app);
    op.faults.once('token', fault.without('refresh_token'));
    expect(await (await refresh(refreshToken)).json()).toMatchObject({
      refresh_token: refreshToken,
      refresh_expires: expect.any(Number),
      refresh_expires_in: 30 * 86_400,
    });
  });

  it('needs no ID token in the answer', async () => {
    const refreshToken = await newRefreshToken(app);
    op.faults.once('token', fault.without('id_token'));
    const tokens = await (await refresh(refreshToken)).json();
    expect(tokens).not.toHaveProperty('id_token');
    expect(tokens).toMatchObject({ access_token: expect.any(String) });
  });

  it('verifies an ID token in the answer: signature, issuer, audience and expiry', async () => {
    const other = await generateSigningKey('RS256');
    const claims = { aud: op.clients.confidential.clientId, scope: undefined, azp: undefined };
    const wrong = [
      await op.signWith({ ...other, kid: op.currentKid }, claims, { typ: 'JWT' }),
      await op.mint({ ...claims, iss: 'https://other.example.org' }, { typ: 'JWT' }),
      await op.mint({ ...claims, aud: 'other-client' }, { typ: 'JWT' }),
      await op.mint({ ...claims, azp: 'other-client' }, { typ: 'JWT' }),
      await op.mint({ ...claims, exp: Math.floor(Date.now() / 1_000) - 60 }, { typ: 'JWT' }),
      await op.mint({ ...claims, sub: undefined } as never, { typ: 'JWT' }),
    ];
    for (const idToken of wrong) {
      op.faults.once('token', fault.status(200, { access_token: 'a', token_type: 'Bearer', id_token: idToken }));
      await expectBadGateway(await refresh('any'));
    }
    const right = await op.mint(claims, { typ: 'JWT' });
    op.faults.once('token', fault.status(200, { access_token: 'a', token_type: 'Bearer', id_token: right }));
    expect((await refresh('any')).status).toBe(200);
  });

  it('works after the provider has changed its signing key', async () => {
    const refreshToken = await newRefreshToken(app);
    await op.rotateKeys({ keepOld: false });
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it('can be tried again where the provider did not get the request', async () => {
    const refreshToken = await newRefreshToken(app);
    op.faults.once('token', fault.down);
    await expectUnavailable(await refresh(refreshToken));
    expect((await refresh(refreshToken)).status).toBe(200);
  });
});

/** Resolves once so many requests were read whole and have reached their handlers. */
function arrivals(app: RunningApplication, expected: number): Promise<void> {
  let read = 0;
  return new Promise((resolve) => {
    const listen = (request: IncomingMessage) =>
      request.once('end', () => {
        if (++read === expected) setImmediate(() => setImmediate(resolve));
      });
    app.app.getHttpServer().on('request', listen);
  });
}

describe('refresh at a provider that keeps refresh tokens', () => {
  it('goes on with the same one', async () => {
    const keeping = await startOp({ rotateRefreshTokens: false });
    const app = await startApplication(adapters[0], { auth: clientOptions(keeping) });
    const { refresh_token: refreshToken } = await signIn(app);
    for (let round = 0; round < 2; round++) {
      const response = await app.fetch('/auth/v2/token', form({ refresh_token: refreshToken! }));
      expect(await response.json()).toMatchObject({ refresh_token: refreshToken });
    }
    await app.close();
    await keeping.close();
  });
});
