import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import {
  authorizationRequest,
  answerOf,
  caughtRedirect,
  loginAddress,
  ownCallback,
  signIn,
} from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());
afterEach(() => {
  vi.useRealTimers();
});

/** What existing clients send at login, by default. */
const query = { redirect_uri: caughtRedirect, offline_access: 'true', prompt: 'consent' };

/** What existing clients take for the verifier: Python's `state.rpartition("|")[-1]`. */
const verifierIn = (state: string) => state.slice(state.lastIndexOf('|') + 1);

describe.each(adapters)('login of clients that catch the redirect and know no PKCE, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const redeem = (fields: Record<string, string>) => app.fetch('/auth/v2/token', form(fields));

  async function expectRefused(response: Response, detail = '') {
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: expect.stringMatching(/^invalid_(request|grant)$/),
      detail: expect.stringContaining(detail),
      statusCode: 400,
    });
    expect(op.requests('token')).toEqual([]);
  }

  it('ends with tokens where the client posts what stands last in the state as code_verifier', async () => {
    const { code, state } = await signIn(app, query);
    const response = await redeem({
      code,
      redirect_uri: caughtRedirect,
      grant_type: 'authorization_code',
      code_verifier: verifierIn(state),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires: expect.any(Number),
      refresh_expires: expect.any(Number),
      scope: 'openid profile email offline_access',
    });
  });

  it.each([
    ['without grant_type', (state: string) => ({ code_verifier: state })],
    ['with something before a bar', (state: string) => ({ code_verifier: `random|${state}` })],
    ['as state', (state: string) => ({ state })],
    ['as state with an empty code_verifier', (state: string) => ({ state, code_verifier: '' })],
    ['as state and as code_verifier', (state: string) => ({ state, code_verifier: state })],
  ])('also ends with tokens where the state comes back %s', async (_, proof) => {
    const { code, state } = await signIn(app, query);
    expect((await redeem({ code, redirect_uri: caughtRedirect, ...proof(state) })).status).toBe(200);
  });

  it('is as good as JSON', async () => {
    const { code, state } = await signIn(app, query);
    const body = JSON.stringify({ code, redirect_uri: caughtRedirect, code_verifier: state });
    const headers = { 'content-type': 'application/json' };
    expect((await app.fetch('/auth/v2/token', { method: 'POST', headers, body })).status).toBe(200);
  });

  it('sends the provider the verifier of its own, never the state', async () => {
    const { code, state } = await signIn(app, query);
    await redeem({ code, redirect_uri: caughtRedirect, code_verifier: state, state });
    const [request] = op.requests('token');
    expect(request!.form['code_verifier']).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(request!.form).not.toHaveProperty('state');
    expect(request!.form['redirect_uri']).toBe(caughtRedirect);
  });

  it('sets no cookie, as no browser comes back to us', async () => {
    const response = await new UserAgent().get(loginAddress(app, query));
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ['another path', `${caughtRedirect}/`],
    ['another port', 'http://127.0.0.1:2/caught'],
    ['a query', `${caughtRedirect}?x=1`],
    ['our own callback', 'own'],
  ])('is refused with another redirect_uri than at login: %s', async (_, other) => {
    const { code, state } = await signIn(app, query);
    const redirect_uri = other === 'own' ? ownCallback(app) : other;
    await expectRefused(await redeem({ code, redirect_uri, code_verifier: state }), 'redirect_uri');
    // A client's slip does not cost it the login.
    expect((await redeem({ code, redirect_uri: caughtRedirect, code_verifier: state })).status).toBe(200);
  });

  it('is refused without redirect_uri', async () => {
    const { code, state } = await signIn(app, query);
    await expectRefused(await redeem({ code, code_verifier: state }), 'redirect_uri');
  });

  it('is refused without state and verifier: no code is redeemed without PKCE', async () => {
    const { code } = await signIn(app, query);
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect }), 'code_verifier');
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect, code_verifier: '' }), 'code_verifier');
  });

  it.each([
    ['a bit flipped', (state: string) => `${state.slice(0, 100)}${state[100] === 'A' ? 'B' : 'A'}${state.slice(101)}`],
    ['its end cut off', (state: string) => state.slice(0, -20)],
    ['something added', (state: string) => `${state}AAAA`],
    ['something after a bar', (state: string) => `${state}|random`],
    ['129 characters of no state', () => 'a'.repeat(129)],
    ['4,000 characters of no state', () => 'a'.repeat(4_000)],
  ])('is refused with a state that does not open, which the provider never sees: %s', async (_, forge) => {
    const { code, state } = await signIn(app, query);
    const forged = forge(state);
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect, code_verifier: forged }));
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect, state: forged }));
  });

  it.each(['', 'x', 'xx'])('has one spelling only of its state, however long it is (%s)', async (longer) => {
    const redirect_uri = `${caughtRedirect}${longer}`;
    const { code, state } = await signIn(app, { redirect_uri });
    // Where the last character has bits to spare, decoders take this for the same bytes.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const respelled = state.slice(0, -1) + alphabet[alphabet.indexOf(state.at(-1)!) ^ 1];
    await expectRefused(await redeem({ code, redirect_uri, code_verifier: respelled }), 'state');
  });

  it('is refused after ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const request = await authorizationRequest(app, query);
    vi.setSystemTime(Date.now() + 601_000);
    const { code, state } = await answerOf(request, caughtRedirect);
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect, code_verifier: state }), 'too long');
  });

  it('is refused with the code of another login, by the provider: the verifiers differ', async () => {
    const mine = await signIn(app, query);
    const stolen = await signIn(app, query);
    const response = await redeem({ code: stolen.code, redirect_uri: caughtRedirect, code_verifier: mine.state });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_grant', statusCode: 400 });
  });

  it('is refused at the application of another client', async () => {
    const { code, state } = await signIn(app, query);
    const other = await startApplication(adapter, { auth: { ...clientOptions(op), clientId: 'another-client' } });
    const fields = form({ code, redirect_uri: caughtRedirect, code_verifier: state });
    await expectRefused(await other.fetch('/auth/v2/token', fields));
    await other.close();
  });
});
