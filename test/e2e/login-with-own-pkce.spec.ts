import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { newPkce } from '../fixtures/pkce.js';
import { authorizationRequest, caughtRedirect, loginAddress, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('login of a client with PKCE of its own, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const redeem = (fields: Record<string, string>) => app.fetch('/auth/v2/token', form(fields));
  const login = (query: Record<string, string>) =>
    new UserAgent().get(loginAddress(app, { redirect_uri: caughtRedirect, ...query }));

  async function expectRefused(response: Response, detail = '') {
    expect(response.status).toBe(400);
    expect(response.headers.getSetCookie()).toEqual([]);
    const body = await response.json();
    expect(body).toMatchObject({
      error: expect.stringMatching(/^invalid_(request|grant)$/),
      detail: expect.stringContaining(detail),
    });
  }

  it('is what a standard OAuth client does, its own state coming back to it unchanged', async () => {
    const server = {
      issuer: op.issuer,
      token_endpoint: `${app.url}/auth/v2/token`,
      authorization_response_iss_parameter_supported: true,
    };
    const client = { client_id: op.clients.confidential.clientId };
    const { code_verifier, challenge } = await newPkce();
    const state = `${oauth.generateRandomState()}|{"from": "/a b?c=d&e=%20"}`;

    const answer = await signIn(app, { redirect_uri: caughtRedirect, ...challenge, state, response_type: 'code' });
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      oauth.validateAuthResponse(server, client, new URL(answer), state),
      caughtRedirect,
      code_verifier,
      { [oauth.allowInsecureRequests]: true },
    );
    // The nonce is checked by the application, which alone can compute it.
    const tokens = await oauth.processGenericTokenEndpointResponse(server, client, response);
    expect(tokens).toMatchObject({ token_type: 'bearer', access_token: expect.any(String) });
    expect(op.requests('token')[0]!.form['code_verifier']).toBe(code_verifier);
  });

  it('carries the challenge of the client and a nonce of ours', async () => {
    const { challenge } = await newPkce();
    const request = await authorizationRequest(app, { redirect_uri: caughtRedirect, ...challenge });
    expect(Object.fromEntries(request.searchParams)).toMatchObject({
      ...challenge,
      nonce: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      state: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    });
  });

  it('works without a state of the client, where a random one is sent each time', async () => {
    const states = new Set<string>();
    for (let login = 0; login < 2; login++) {
      const { code_verifier, challenge } = await newPkce();
      const { code, state } = await signIn(app, { redirect_uri: caughtRedirect, ...challenge });
      states.add(state);
      // The state may be sent along; it proves nothing here.
      expect((await redeem({ code, redirect_uri: caughtRedirect, code_verifier, state })).status).toBe(200);
    }
    expect(states.size).toBe(2);
  });

  it.each([43, 128])('takes a verifier of %i characters', async (length) => {
    const code_verifier = 'aZ0-._~'.repeat(20).slice(0, length);
    const code_challenge = await oauth.calculatePKCECodeChallenge(code_verifier);
    const query = { redirect_uri: caughtRedirect, code_challenge, code_challenge_method: 'S256' };
    const { code } = await signIn(app, query);
    expect((await redeem({ code, redirect_uri: caughtRedirect, code_verifier })).status).toBe(200);
  });

  it('sets no cookie', async () => {
    const { challenge } = await newPkce();
    const response = await login(challenge);
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ['too short', 'a'.repeat(42)],
    ['with a character that no verifier has', `${'a'.repeat(43)}+`],
    ['with a line break', `${'a'.repeat(43)}\n`],
    ['beyond ASCII', 'ü'.repeat(43)],
  ])('is refused with a verifier that is none, which the provider never sees: %s', async (_, code_verifier) => {
    const { challenge } = await newPkce();
    const { code } = await signIn(app, { redirect_uri: caughtRedirect, ...challenge });
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect, code_verifier }), 'code_verifier');
    expect(op.requests('token')).toEqual([]);
  });

  it.each([
    ['another verifier', { code_verifier: 'b'.repeat(43) }],
    ['another redirect_uri', { redirect_uri: 'http://127.0.0.1:2/caught' }],
    ['another code', { code: 'another' }],
  ])('is refused by the provider with %s', async (_, other) => {
    const { code_verifier, challenge } = await newPkce();
    const { code } = await signIn(app, { redirect_uri: caughtRedirect, ...challenge });
    const response = await redeem({ code, redirect_uri: caughtRedirect, code_verifier, ...other });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_grant', statusCode: 400 });
  });

  it('is refused without its verifier, whatever state comes along', async () => {
    const { challenge } = await newPkce();
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect, ...challenge, state: 'mine' });
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect }), 'code_verifier');
    await expectRefused(await redeem({ code, redirect_uri: caughtRedirect, state }));
    expect(op.requests('token')).toEqual([]);
  });

  it('cannot end at our own callback, where nobody knows the verifier', async () => {
    const { challenge } = await newPkce();
    await expectRefused(await login({ ...challenge, redirect_uri: ownCallback(app) }), 'code_challenge');

    const browser = new UserAgent();
    const answer = await signIn(app, { redirect_uri: caughtRedirect, ...challenge, state: 'mine' }, browser);
    await expectRefused(await browser.get(`${ownCallback(app)}${answer.search}`));
    expect(op.requests('token')).toEqual([]);
  });

  it('cannot ask for max_age, which nobody could check', async () => {
    const { challenge } = await newPkce();
    await expectRefused(await login({ ...challenge, max_age: '60' }), 'max_age');
  });

  it.each(['plain', '', 's256', 'S512'])('cannot use the challenge method "%s"', async (code_challenge_method) => {
    const { challenge } = await newPkce();
    await expectRefused(await login({ ...challenge, code_challenge_method }), 'code_challenge_method');
  });

  it.each([
    ['too short', 'a'.repeat(42)],
    ['too long', 'a'.repeat(44)],
    ['not base64url', `${'a'.repeat(42)}+`],
    ['padded', `${'a'.repeat(42)}=`],
  ])('cannot use a challenge that is no SHA-256: %s', async (_, code_challenge) => {
    await expectRefused(await login({ code_challenge, code_challenge_method: 'S256' }), 'code_challenge');
  });

  it.each([
    ['513 characters', 'a'.repeat(513)],
    ['a line break', 'a\r\nb'],
    ['characters beyond ASCII', 'zustand-ü'],
  ])('cannot use a state of %s', async (_, state) => {
    const { challenge } = await newPkce();
    await expectRefused(await login({ ...challenge, state }), 'state');
  });

  it('may use a state of 512 characters', async () => {
    const { challenge } = await newPkce();
    const state = '~'.repeat(512);
    const request = await authorizationRequest(app, { redirect_uri: caughtRedirect, ...challenge, state });
    expect(request.searchParams.get('state')).toBe(state);
  });
});
