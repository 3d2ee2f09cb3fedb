import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { form } from '../fixtures/application.js';
import { decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { newPkce } from '../fixtures/pkce.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { signIn as signInAtCallback } from '../fixtures/sign-in-at-callback.js';
import { caughtRedirect, signIn } from '../fixtures/sign-in.js';

const DAY = 86_400;

let op: TestOp;
let reluctant: TestOp;
beforeAll(async () => {
  [op, reluctant] = await Promise.all([startOp(), startOp({ alwaysRefreshToken: false })]);
});
afterAll(() => Promise.all([op.close(), reluctant.close()]));
beforeEach(() => op.reset());

describe.each(adapters)('the token response of broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const redeem = (fields: Record<string, string>) => app.fetch('/auth/v2/token', form(fields));

  it('has what existing and standard clients read, and no ID token', async () => {
    const tokens = await signInAtCallback(app);
    const now = Math.floor(Date.now() / 1_000);
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires: decoded(tokens.access_token).claims.exp,
      expires_in: 3_600,
      refresh_token: expect.stringMatching(/^[A-Za-z0-9_-]{71}$/),
      refresh_expires: expect.closeTo(now + 30 * DAY, -1),
      refresh_expires_in: expect.closeTo(30 * DAY, -1),
      scope: 'openid profile email',
    });
  });

  it('holds no token of the provider', async () => {
    const text = JSON.stringify(await signInAtCallback(app));
    const atProvider = op.requests('userinfo').map(({ headers }) => headers.authorization!.split(' ')[1]!);
    expect(atProvider).toHaveLength(1);
    expect(text).not.toContain(atProvider[0]);
    expect(text).not.toContain(op.issuer);
  });

  it('is the same, member by member, after a refresh', async () => {
    const first = await signInAtCallback(app);
    const next = await tokensIn(await app.refresh(first.refresh_token!));
    expect(Object.keys(next)).toEqual(Object.keys(first));
    expect(next).toMatchObject({ expires_in: 3_600, scope: first.scope });
    expect(decoded(next.access_token).claims.sid).toBe(decoded(first.access_token).claims.sid);
    expect(decoded(next.access_token).claims.jti).not.toBe(decoded(first.access_token).claims.jti);
  });

  it('is kept by no cache', async () => {
    const { refresh_token } = await signInAtCallback(app);
    const response = await app.refresh(refresh_token!);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('comes to a client that knows no PKCE and posts the state as code_verifier', async () => {
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
    const tokens = await tokensIn(await redeem({ code, redirect_uri: caughtRedirect, code_verifier: state }));
    expect(await app.verdict(tokens.access_token)).toBe('accepted');
    expect(tokens.refresh_token).toBeDefined();
    expect(tokens).not.toHaveProperty('id_token');
  });

  it('comes to a client with PKCE of its own', async () => {
    const { challenge, code_verifier } = await newPkce();
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect, state: 'mine', ...challenge });
    expect(state).toBe('mine');
    const tokens = await tokensIn(await redeem({ code, redirect_uri: caughtRedirect, code_verifier }));
    expect(await app.verdict(tokens.access_token)).toBe('accepted');
    expect(tokens.scope).toBe('openid profile email');
  });

  it('comes to a device', async () => {
    const device = (await (await app.fetch('/auth/v2/device', { method: 'POST' })).json()) as Record<string, string>;
    const poll = () => redeem({ 'device-code': device['device_code']! });
    await expectOAuthError(await poll(), 400, 'authorization_pending');
    await op.approveDevice(device['user_code']!, 'bob');
    const tokens = await tokensIn(await poll());
    expect(decoded(tokens.access_token).claims).toMatchObject({ sub: 'bob', sid: expect.any(String) });
    expect(tokens).not.toHaveProperty('id_token');
    expect((await app.refresh(tokens.refresh_token!)).status).toBe(200);
  });

  it('repeats the scope that was asked for where the provider names none', async () => {
    op.faults.once('token', fault.without('scope'));
    expect((await signInAtCallback(app)).scope).toBe('openid profile email');
  });

  it('ends the refresh token with that of the provider, where that is sooner', async () => {
    const lifetime = (refresh_expires_in: number) => fault.json((body) => ({ ...body, refresh_expires_in }));
    op.faults.once('token', lifetime(600));
    const tokens = await signInAtCallback(app);
    expect(tokens.refresh_expires_in).toBeGreaterThan(595);
    expect(tokens.refresh_expires_in).toBeLessThanOrEqual(600);

    op.faults.once('token', lifetime(100 * DAY));
    const next = await tokensIn(await app.refresh(tokens.refresh_token!));
    expect(next.refresh_expires_in).toBeGreaterThan(30 * DAY - 5);
    expect(next.refresh_expires_in).toBeLessThanOrEqual(30 * DAY);
  });

  it('never says 0 for a refresh token that does not end at the provider', async () => {
    op.faults.once(
      'token',
      fault.json((body) => ({ ...body, refresh_expires_in: 0 })),
    );
    const tokens = await signInAtCallback(app);
    expect(tokens.refresh_expires_in).toBeGreaterThan(30 * DAY - 5);
    expect(tokens.refresh_expires).toBeGreaterThan(Date.now() / 1_000);
  });
});

describe.each(adapters)('the token response where the provider gives no refresh token, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, reluctant);
  });
  afterAll(() => app.close());

  it('has none of the members about one', async () => {
    const tokens = await signInAtCallback(app);
    expect(Object.keys(tokens)).toEqual(['access_token', 'token_type', 'expires', 'expires_in', 'scope']);
  });

  it('has them where the login asks for offline_access', async () => {
    const tokens = await signInAtCallback(app, { offline_access: 'true', prompt: 'consent' });
    expect(tokens.refresh_token).toBeDefined();
    expect((await app.refresh(tokens.refresh_token!)).status).toBe(200);
  });
});

describe('the times of tokens', () => {
  let app: RunningBroker;
  afterEach(() => app.close());

  const start = async (auth: object) => {
    app = await startBroker(adapters[1], op, { auth });
    return signInAtCallback(app);
  };

  it('follow accessTokenTtl and refreshTokenTtl', async () => {
    const tokens = await start({ accessTokenTtl: 120, refreshTokenTtl: 7_200 });
    expect(tokens).toMatchObject({ expires_in: 120 });
    expect(tokens.refresh_expires_in).toBeGreaterThan(7_195);
    expect(tokens.refresh_expires_in).toBeLessThanOrEqual(7_200);
    const { exp, iat } = decoded(tokens.access_token).claims;
    expect(exp).toBe(tokens.expires);
    expect(exp! - iat!).toBe(130);
  });

  it('say that a token was issued as long ago as clocks may differ, for verifiers without leeway', async () => {
    const tokens = await start({ clockTolerance: 45 });
    const { exp, iat, nbf } = decoded(tokens.access_token).claims;
    expect(exp! - iat!).toBe(3_645);
    expect(nbf).toBeUndefined();
  });

  it('do not go beyond sessionMaxTtl', async () => {
    const tokens = await start({ sessionMaxTtl: 300 });
    expect(tokens.expires_in).toBeLessThanOrEqual(300);
    expect(tokens.expires_in).toBeGreaterThan(295);
    expect(tokens.refresh_expires_in).toBeLessThanOrEqual(300);
    const next = await tokensIn(await app.refresh(tokens.refresh_token!));
    expect(next.refresh_expires).toBe(tokens.refresh_expires);
    expect(next.expires).toBeLessThanOrEqual(tokens.refresh_expires!);
  });
});
