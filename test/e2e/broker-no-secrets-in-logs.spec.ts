import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TokenResponse } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, form } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { captureConsole } from '../fixtures/captured-console.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { Secrets } from '../fixtures/secrets.js';
import { caughtRedirect, ownCallback, signIn } from '../fixtures/sign-in.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';
import { UserAgent } from '../fixtures/user-agent.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

describe.each(adapters)('everything that can be seen of an application in broker mode, on $name', (adapter) => {
  const logger = new CapturingLogger();
  const secrets = new Secrets();
  const store = new BreakableStore();
  const encryptionKey = newEncryptionKey();
  const errorBodies: string[] = [];
  let written: string[];
  let op: TestOp;
  let app: RunningBroker;

  beforeAll(async () => {
    written = captureConsole();
    stopTime();
    op = await startOp();
    secrets.add('client secret', op.clients.confidential.clientSecret);
    secrets.add('encryption key', encryptionKey);
    secrets.add('profile', 'Liddell', 'alice@example.org');
    keepWhatTheProviderIssues();
    app = await start();
  });
  afterAll(async () => {
    await app.close();
    await op.close();
    backToRealTime();
    vi.restoreAllMocks();
  });

  const start = (auth: object = {}) =>
    startBroker(adapter, op, {
      auth: { brokerStoreObj: store, encryptionKeys: [encryptionKey], ...auth },
      logger,
    });

  const keepWhatTheProviderIssues = () =>
    op.faults.set(
      'token',
      fault.json((body) => {
        secrets.add('token of the provider', body['access_token'], body['refresh_token'], body['id_token']);
        return body;
      }),
    );

  async function answered(response: Response): Promise<Response> {
    if (response.status >= 400) {
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
      errorBodies.push(`${response.status} ${headers.join('\n')}\n${await response.clone().text()}`);
    }
    return response;
  }

  const post = async (fields: Record<string, string>, at = app) =>
    answered(await at.fetch('/auth/v2/token', form(fields)));
  const refresh = (token: string | undefined, at = app) => post({ refresh_token: token! }, at);
  const exchange = (subject_token: string) => post({ subject_token, subject_token_type: ACCESS_TOKEN });
  const logout = async (token: string) =>
    answered(await app.fetch('/auth/v2/logout', { method: 'POST', ...bearer(token) }));

  async function tokensIn(response: Response): Promise<TokenResponse> {
    const tokens = (await response.json()) as TokenResponse;
    secrets.add('token', tokens.access_token, tokens.refresh_token);
    return tokens;
  }

  /** A login up to the provider's answer, which is not brought back yet. */
  async function authorized(redirect_uri: string, browser = new UserAgent()) {
    const callback = await signIn(app, { redirect_uri }, browser);
    secrets.add('code', callback.code);
    secrets.add('state', callback.state);
    secrets.add('cookie', ...browser.cookies.for(app.url).map(({ value }) => value));
    return { callback, browser };
  }

  async function login(): Promise<TokenResponse> {
    const { callback, browser } = await authorized(ownCallback(app));
    return tokensIn(await browser.get(callback));
  }

  it('is made: all that broker mode does, and every way to fail', async () => {
    // A login, its repetition, one whose store fails at each step.
    const { callback, browser } = await authorized(ownCallback(app));
    const tokens = await tokensIn(await browser.get(callback));
    await answered(await browser.get(callback));
    for (const broken of [['insert'], ['find'], []] as const) {
      const { callback: other } = await authorized(caughtRedirect);
      store.break(...broken);
      await post({ code: other.code, redirect_uri: caughtRedirect, code_verifier: other.state });
      store.mend();
    }
    const { callback: caught } = await authorized(caughtRedirect);
    op.faults.once('token', (ctx, next) => next().then(() => (store.break(), void ctx)));
    await post({ code: caught.code, redirect_uri: caughtRedirect, code_verifier: caught.state });
    store.mend();

    // Refreshes, their repetition, forged tokens, reuse.
    const next = await tokensIn(await refresh(tokens.refresh_token));
    await tokensIn(await refresh(tokens.refresh_token));
    const forged = [
      `${next.refresh_token!.slice(0, -4)}AAAA`,
      `${next.refresh_token}x`,
      'not-a-refresh-token-0123456789',
    ];
    secrets.add('token', ...forged);
    for (const token of [...forged, next.access_token]) await refresh(token);
    pass(61);
    await refresh(tokens.refresh_token);
    await refresh(next.refresh_token);

    // A provider in trouble, at the token endpoint and at userinfo; a store in trouble.
    const troubles = [
      fault.down,
      fault.answerLost,
      fault.status(500),
      fault.html,
      fault.garbage,
      fault.status(401, { error: 'invalid_client' }),
      fault.status(400, { error: 'invalid_grant', error_description: `token ${next.refresh_token}` }),
      fault.status(200, { sub: 'bob', access_token: 5, refresh_token: next.refresh_token }),
    ];
    for (const trouble of troubles) {
      for (const endpoint of ['token', 'userinfo', 'revocation'] as const) {
        const session = await login();
        op.faults.set(endpoint, trouble);
        await refresh(session.refresh_token);
        await exchange(await op.mint());
        await logout(session.access_token);
        op.faults.clear(endpoint);
        if (endpoint === 'token') keepWhatTheProviderIssues();
      }
    }
    for (const broken of [['find'], ['replace'], ['remove'], []] as const) {
      const session = await login();
      store.break(...broken);
      await logout(session.access_token);
      if (broken[0] !== 'replace') await refresh(session.refresh_token);
      await answered(await app.fetch('/auth/v2/userinfo', bearer(session.access_token)));
      store.mend();
    }

    // Token exchange, guards and logout with what they must refuse.
    const session = await login();
    const subject = await op.mint();
    const bad = [session.access_token, session.refresh_token!, subject.slice(0, -9), await op.mint({ aud: 'other' })];
    secrets.add('token', subject, ...bad);
    for (const token of bad) await exchange(token);
    await tokensIn(await exchange(subject));
    for (const token of [...bad, subject, `${session.access_token}x`]) {
      await answered(await app.fetch('/who-am-i', bearer(token)));
      await logout(token);
    }
    await post({ refresh_token: session.refresh_token!, subject_token: subject });

    // Keys and the ring.
    await app.broker.rotateSigningKey({ revoke: true });
    await answered(await app.fetch('/who-am-i', bearer(session.access_token)));
    const otherKey = newEncryptionKey();
    secrets.add('encryption key', otherKey);
    const lost = await start({ encryptionKeys: [otherKey] });
    const again = await login();
    await refresh(again.refresh_token, lost);
    await answered(await lost.fetch('/who-am-i', bearer(again.access_token)));
    await lost.close();

    for (const { form: sent } of op.requests('token')) secrets.add('verifier', sent['code_verifier'] as string);
    expect(errorBodies.length).toBeGreaterThan(50);
    expect(logger.lines.length).toBeGreaterThan(100);
    expect(logger.text('debug')).toContain('minted');
    expect(secrets.size).toBeGreaterThan(200);
  }, 90_000);

  it('holds no secret in the log, at any level', () => {
    expect(secrets.foundIn(logger.text())).toEqual([]);
  });

  it('holds no secret on the console', () => {
    expect(secrets.foundIn(written.join('\n'))).toEqual([]);
  });

  it('holds no secret in the errors, their headers, and no address, stack trace or file name', () => {
    expect(secrets.foundIn(errorBodies.join('\n'))).toEqual([]);
    expect(errorBodies.filter((body) => /\.(js|ts):\d|node_modules|^\s+at |10\.1\.2\.3/m.test(body))).toEqual([]);
    expect(errorBodies.filter((body) => body.includes(op.issuer))).toEqual([]);
  });
});
