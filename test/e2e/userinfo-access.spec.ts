import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('who may ask for userinfo, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    // What routes of the application demand by default is not demanded here.
    app = await startApplication(adapter, { auth: { ...clientOptions(op), claims: { department: ['research'] } } });
  });
  afterAll(() => app.close());

  const userinfo = (init?: RequestInit) => app.fetch('/auth/v2/userinfo', init);

  it('is whoever signed in', async () => {
    for (const person of ['alice', 'bob']) {
      const { access_token: token } = await signIn(app, { login_hint: person });
      expect(await (await userinfo(bearer(token))).json()).toMatchObject({ sub: person, username: person });
    }
  });

  it('is not who sends no token: 401 with a bare challenge', async () => {
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }, { authorization: '' }]) {
      const response = await userinfo({ headers: headers as Record<string, string> });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      await expectOAuthError(response, 401, 'invalid_token');
    }
  });

  it('is not who sends a bad token: 401 with the reason, and the provider is not asked', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const { id_token: idToken } = await signIn(app);
    op.resetRequests();
    const bad = [
      'opaque-token',
      'a.b.c',
      idToken!,
      `${await op.mint()}x`,
      await op.mint({ exp: now - 60 }),
      await op.mint({ aud: 'other-api' }),
      await op.mint({ iss: 'https://other.example.org' }),
    ];
    for (const token of bad) {
      const response = await userinfo(bearer(token));
      const challenge = response.headers.get('www-authenticate');
      const { error_description: text } = await expectOAuthError(response, 401, 'invalid_token');
      expect(challenge).toBe(`Bearer error="invalid_token", error_description="${text.replaceAll('"', "'")}"`);
      expect(text).not.toContain(token);
    }
    expect(op.requests('userinfo')).toHaveLength(0);
  });

  it('is not who sends the token in the query or in a cookie', async () => {
    const token = await op.mint();
    await expectOAuthError(await app.fetch(`/auth/v2/userinfo?access_token=${token}`), 401, 'invalid_token');
    await expectOAuthError(await userinfo({ headers: { cookie: `access_token=${token}` } }), 401, 'invalid_token');
  });

  it('may write the scheme in any case', async () => {
    const token = await op.mint();
    expect((await userinfo({ headers: { authorization: `bEARER ${token}` } })).status).toBe(200);
  });
});

describe.each(adapters)('an opaque access token, on $name', (adapter) => {
  it('is 401 at userinfo: nothing can be verified about it', async () => {
    const opaque = await startOp({ accessTokens: 'opaque' });
    const app = await startApplication(adapter, { auth: clientOptions(opaque) });
    const { access_token: token } = await signIn(app);
    expect(token).not.toContain('.');
    const response = await app.fetch('/auth/v2/userinfo', bearer(token));
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    await expectOAuthError(response, 401, 'invalid_token');
    await app.close();
    await opaque.close();
  });
});
