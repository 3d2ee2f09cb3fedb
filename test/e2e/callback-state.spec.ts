import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import {
  answerOf,
  authorizationRequest,
  caughtRedirect,
  loginCookies,
  ownCallback,
  signIn,
  type AuthorizationResponse,
} from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.resetRequests());
afterEach(async () => {
  vi.useRealTimers();
  await op.reset();
});

/** Every part of a sealed state, by a byte of it: format, key, salt, ciphertext, tag. */
const parts = [
  ['format', 0],
  ['key id', 4],
  ['salt', 15],
  ['ciphertext, first byte', 25],
  ['ciphertext, in the middle', 120],
  ['tag, first byte', -16],
  ['tag, last byte', -1],
] as const;

function flipped(state: string, at: number): string {
  const bytes = Buffer.from(state, 'base64url');
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return bytes.toString('base64url');
}

const forgeries: [string, (state: string) => string][] = [
  ...parts.map(([part, at]): [string, (state: string) => string] => [
    `with a bit of its ${part} flipped`,
    (state) => flipped(state, at),
  ]),
  ['without its first character', (state) => state.slice(1)],
  ['without its last character', (state) => state.slice(0, -1)],
  ['cut in half', (state) => state.slice(0, state.length / 2)],
  ['cut to its header', (state) => state.slice(0, 34)],
  ['with a character more', (state) => `${state}A`],
  ['twice in a row', (state) => state + state],
  ['with padding', (state) => `${state}=`],
  ['with a space', (state) => `${state} `],
  ['after a bar', (state) => `mine|${state}`],
  ['with random text instead', () => 'A'.repeat(300)],
  ['with text of other alphabets instead', () => 'zustand \u00fc \u2603 \u0000'],
  ['with JSON instead', () => JSON.stringify({ place: 'callback' })],
];

describe.each(adapters)('the state at our own callback, on $name', (adapter) => {
  let app: RunningApplication;
  let query: { redirect_uri: string };
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
    query = { redirect_uri: ownCallback(app) };
  });
  afterAll(() => app.close());

  async function expectRefused(response: Response) {
    expect(response.status).toBe(400);
    const body = (await response.json()) as Record<string, string>;
    expect(body).toMatchObject({ error: 'invalid_request', detail: expect.any(String), statusCode: 400 });
    expect(op.requests('token')).toEqual([]);
    return body;
  }

  describe('forged', () => {
    let browser: UserAgent;
    let answer: AuthorizationResponse;
    beforeAll(async () => {
      browser = new UserAgent();
      answer = await signIn(app, query, browser);
    });

    it.each(forgeries)('%s is refused', async (_, forge) => {
      const state = forge(answer.state);
      expect(state).not.toBe(answer.state);
      await expectRefused(await browser.get(answer.with({ state })));
    });

    it('is refused whatever else the answer says, as nothing of it is believed before', async () => {
      for (const rest of [{ error: 'access_denied' }, { iss: 'https://evil.example' }, { code: undefined }]) {
        const body = await expectRefused(await browser.get(answer.with({ state: flipped(answer.state, 40), ...rest })));
        expect(body.detail).toContain('state');
      }
    });
  });

  it('is opaque, with nothing a client could split at', async () => {
    const { searchParams } = await authorizationRequest(app, query);
    const state = searchParams.get('state')!;
    expect(state).not.toContain('|');
    const content = Buffer.from(state, 'base64url').toString('latin1');
    for (const known of ['redirect', 'nonce', searchParams.get('nonce')!, ownCallback(app)]) {
      expect(content).not.toContain(known);
    }
  });

  it('from another browser is refused, and stays good in its own', async () => {
    const browser = new UserAgent();
    const answer = await signIn(app, query, browser);
    await expectRefused(await new UserAgent().get(answer));

    const other = new UserAgent();
    await authorizationRequest(app, query, other);
    await expectRefused(await other.get(answer));
    expect(loginCookies(app, other)).toHaveLength(1);

    expect((await browser.get(answer)).status).toBe(200);
  });

  it('is refused with the cookie of another login of the same browser', async () => {
    const browser = new UserAgent();
    const first = await signIn(app, query, browser);
    await authorizationRequest(app, query, browser);
    const [own, other] = loginCookies(app, browser);
    const cookie = `${own!.name}=${other!.value}`;
    await expectRefused(await fetch(first, { headers: { cookie } }));
    await expectRefused(await fetch(first, { headers: { cookie: `${own!.name}=` } }));
    await expectRefused(await fetch(first, { headers: { cookie: `${own!.name}=${own!.value}x` } }));
    await expectRefused(await fetch(first, { headers: { cookie: `=;;${own!.name};a` } }));
  });

  it('ends with its login: coming back to the same address is refused', async () => {
    const browser = new UserAgent();
    const answer = await signIn(app, query, browser);
    const cookie = browser.cookies.header(app.url);
    expect((await browser.get(answer)).status).toBe(200);
    op.resetRequests();

    await expectRefused(await browser.get(answer));
    // Not even with the cookie that the browser was told to remove.
    const body = await expectRefused(await fetch(answer, { headers: { cookie } }));
    expect(body.detail).toContain('already');
  });

  it('is good for ten minutes, however long the person thinks', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const browser = new UserAgent();
    const request = await authorizationRequest(app, query, browser);
    vi.setSystemTime(Date.now() + 595_000);
    const answer = await answerOf(request, query.redirect_uri, browser);
    expect((await browser.get(answer)).status).toBe(200);
  });

  it('is refused after ten minutes, even where the cookie lives on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const browser = new UserAgent();
    const request = await authorizationRequest(app, query, browser);
    const cookie = browser.cookies.header(app.url);
    vi.setSystemTime(Date.now() + 601_000);
    const answer = await answerOf(request, query.redirect_uri, browser);
    const body = await expectRefused(await fetch(answer, { headers: { cookie } }));
    expect(body.detail).toContain('too long');
  });

  it('of a client that catches the redirect itself is refused', async () => {
    const browser = new UserAgent();
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect }, browser);
    await expectRefused(await browser.get(`${ownCallback(app)}?${new URLSearchParams({ code, state })}`));
  });

  it('is no token of any other kind', async () => {
    const { state } = await signIn(app, query);
    expect((await app.fetch('/auth/v2/userinfo', bearer(state))).status).toBe(401);
    const refreshed = await app.fetch('/auth/v2/token', form({ refresh_token: state }));
    expect(refreshed.status).toBe(400);
    expect(await refreshed.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('of another application is refused, though both serve the same provider', async () => {
    const { clientSecret } = op.clients.confidential;
    for (const other of [
      { ...clientOptions(op), encryptionKeys: [Buffer.alloc(32, 1).toString('base64')] },
      { ...clientOptions(op), clientSecret: 'another-secret-0123456789-abcdefghijklmn' },
      { ...clientOptions(op), clientId: 'another-client', clientSecret },
    ]) {
      const otherApp = await startApplication(adapter, { auth: other });
      const browser = new UserAgent();
      const answer = await signIn(app, query, browser);
      await expectRefused(await browser.get(answer.at(otherApp)));
      await otherApp.close();
    }
  });

  it('is checked without the provider, so a forged one costs it nothing', async () => {
    const browser = new UserAgent();
    const answer = await signIn(app, query, browser);
    op.faults.set('token', fault.down);
    op.faults.set('jwks', fault.down);
    await expectRefused(await browser.get(answer.with({ state: flipped(answer.state, 30) })));
    expect(op.requests('jwks')).toEqual([]);
  });
});
