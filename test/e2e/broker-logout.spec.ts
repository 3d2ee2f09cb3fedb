import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, form } from '../fixtures/application.js';
import { decoded, revokedTokens, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, json, tokensIn } from '../fixtures/responses.js';
import { caughtRedirect, signIn as signInElsewhere } from '../fixtures/sign-in.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const withBearer = (token: string, init: RequestInit = {}): RequestInit => ({
  method: 'POST',
  ...init,
  headers: { ...bearer(token).headers, ...init.headers },
});

const sidOf = (accessToken: string) => decoded(accessToken).claims['sid'] as string;

describe.each(adapters)('the end of a session by POST, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const logout = (init: RequestInit) => app.fetch('/auth/v2/logout', { method: 'POST', ...init });

  /** Where the browser is led to, and that its session is gone. */
  async function expectEnded(response: Response, { access_token, refresh_token }: Tokens): Promise<URLSearchParams> {
    expect(response.status).toBe(303);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await app.broker.session(sidOf(access_token))).toBeUndefined();
    await expectOAuthError(await app.refresh(refresh_token!), 400, 'invalid_grant');
    expect(app.eventsOf('ended')).toContainEqual({ type: 'ended', sid: sidOf(access_token), reason: 'logout' });
    const url = new URL(response.headers.get('location')!);
    expect(url.origin + url.pathname).toBe(`${op.issuer}/session/end`);
    return url.searchParams;
  }

  type Tokens = Awaited<ReturnType<typeof signIn>>;

  it('leads the browser on to the provider, with the ID token as hint that was kept for this', async () => {
    const tokens = await signIn(app);
    const parameters = await expectEnded(await logout(withBearer(tokens.access_token)), tokens);
    expect([...parameters.keys()].toSorted()).toEqual(['client_id', 'id_token_hint']);
    expect(parameters.get('client_id')).toBe('confidential-client');
    expect(decoded(parameters.get('id_token_hint')!).claims).toMatchObject({ iss: op.issuer, sub: 'alice' });
  });

  it('gives the latest ID token as hint after a refresh', async () => {
    const tokens = await signIn(app);
    await op.rotateKeys();
    const next = await tokensIn(await app.refresh(tokens.refresh_token!));
    const parameters = await expectEnded(await logout(withBearer(next.access_token)), next);
    expect(decoded(parameters.get('id_token_hint')!).header.kid).toBe(op.currentKid);
  });

  it.each([
    ['a form', form],
    ['JSON', json],
  ])('takes a refresh token in %s', async (_, body) => {
    const tokens = await signIn(app);
    await expectEnded(await logout(body({ refresh_token: tokens.refresh_token! })), tokens);
  });

  it('takes a refresh token that has been rotated: it still says whose session is meant', async () => {
    const tokens = await signIn(app);
    const next = await tokensIn(await app.refresh(tokens.refresh_token!));
    await expectEnded(await logout(form({ refresh_token: tokens.refresh_token! })), next);
  });

  it('tells a program where to go instead of leading it there', async () => {
    const { access_token } = await signIn(app);
    const response = await logout(withBearer(access_token, { headers: { accept: 'text/plain, application/json' } }));
    expect(response.status).toBe(200);
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as { logout_url: string };
    expect(Object.keys(body)).toEqual(['logout_url']);
    expect(body.logout_url).toContain(`${op.issuer}/session/end?`);
  });

  it('passes on where to go afterwards, and the state', async () => {
    const { access_token } = await signIn(app);
    const body = new URLSearchParams({ post_logout_redirect_uri: 'http://127.0.0.1:1/bye?x=ü', state: 'mine' });
    const { headers } = await logout(withBearer(access_token, { body }));
    const { searchParams } = new URL(headers.get('location')!);
    expect(searchParams.get('post_logout_redirect_uri')).toBe('http://127.0.0.1:1/bye?x=ü');
    expect(searchParams.get('state')).toBe('mine');
  });

  it('ends the one session alone, not others of the user', async () => {
    const [mine, other] = [await signIn(app), await signIn(app)];
    await expectEnded(await logout(withBearer(mine.access_token)), mine);
    expect((await app.refresh(other.refresh_token!)).status).toBe(200);
  });

  it('gives the refresh token back to the provider', async () => {
    const { access_token } = await signIn(app);
    await logout(withBearer(access_token));
    expect(revokedTokens(op)).toHaveLength(1);
    const [revoked] = revokedTokens(op);
    const atProvider = await fetch(`${op.issuer}/token`, {
      ...form({ grant_type: 'refresh_token', refresh_token: revoked! }),
      headers: {
        authorization: `Basic ${btoa(`${op.clients.confidential.clientId}:${op.clients.confidential.clientSecret}`)}`,
      },
    });
    expect(await atProvider.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('can be asked for again, by either token: there is nothing left to end, and no hint', async () => {
    const { access_token, refresh_token } = await signIn(app);
    await logout(withBearer(access_token));
    op.resetRequests();
    const ends = app.eventsOf('ended').length;
    for (const again of [withBearer(access_token), form({ refresh_token: refresh_token! })]) {
      const response = await logout(again);
      expect(response.status).toBe(303);
      expect(new URL(response.headers.get('location')!).searchParams.has('id_token_hint')).toBe(false);
    }
    expect(app.eventsOf('ended')).toHaveLength(ends);
    expect(revokedTokens(op)).toEqual([]);
  });

  it('leads on who has a token without a session', async () => {
    const { access_token } = await app.broker.mint({ sub: 'alice' });
    const other = await signIn(app);
    expect((await logout(withBearer(access_token))).status).toBe(303);
    expect((await app.refresh(other.refresh_token!)).status).toBe(200);
  });

  it('is refused without a token', async () => {
    await expectOAuthError(await logout({}), 400, 'invalid_request');
    await expectOAuthError(await logout(form({ refresh_token: '' })), 400, 'invalid_request');
  });

  it('is refused with a bearer token that is not ours, and ends nothing', async () => {
    const tokens = await signIn(app);
    const { access_token, refresh_token } = tokens;
    const [header, payload, signature] = access_token.split('.') as [string, string, string];
    const otherPayload = btoa(JSON.stringify({ ...decoded(access_token).claims, sub: 'bob' }));
    const foreign = [
      'nonsense',
      refresh_token!,
      await op.mint({ sid: sidOf(access_token) }),
      `${header}.${otherPayload.replaceAll('=', '')}.${signature}`,
      `${header}.${payload}.`,
    ];
    for (const token of foreign) {
      const response = await logout(withBearer(token));
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
      await expectOAuthError(response, 401, 'invalid_token');
    }
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });

  it('is refused with a refresh token that is not ours, and ends nothing', async () => {
    const { refresh_token } = await signIn(app);
    const bytes = Buffer.from(refresh_token!, 'base64url');
    bytes[52]! ^= 1;
    for (const forged of ['nonsense', bytes.toString('base64url'), `${refresh_token}A`, refresh_token!.slice(0, -1)]) {
      await expectOAuthError(await logout(form({ refresh_token: forged })), 400, 'invalid_grant');
    }
    await expectOAuthError(await logout(json({ refresh_token: [refresh_token] })), 400, 'invalid_request');
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });

  it('is open to who is signed in no more, where all routes are guarded', async () => {
    const guarded = await startBroker(adapter, op, { auth: { globalGuard: true } });
    const { refresh_token } = await signIn(guarded);
    const response = await guarded.fetch('/auth/v2/logout', form({ refresh_token: refresh_token! }));
    expect(response.status).toBe(303);
    await guarded.close();
  });

  it('ends the session here though the provider cannot be reached, and leads the browser there', async () => {
    const tokens = await signIn(app);
    await op.down();
    await expectEnded(await logout(withBearer(tokens.access_token)), tokens);
  });

  it('ends the session before the provider is asked where it is', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const one = await startBroker(adapter, op, { auth: { brokerStoreObj } });
    const { access_token, refresh_token } = await signIn(one);
    op.faults.set('discovery', fault.down);
    const other = await startBroker(adapter, op, { auth: { brokerStoreObj } });
    await expectUnavailable(await other.fetch('/auth/v2/logout', withBearer(access_token)));
    await expectOAuthError(await one.refresh(refresh_token!), 400, 'invalid_grant');
    await Promise.all([one.close(), other.close()]);
  });

  it('leaves GET as it is: the browser goes to the provider, and no session ends here', async () => {
    const { access_token, refresh_token } = await signIn(app);
    const response = await app.fetch('/auth/v2/logout', bearer(access_token));
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe(`${op.issuer}/session/end?client_id=confidential-client`);
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });
});

describe.each(adapters)('the end of a session by an expired token, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    stopTime();
    app = await startBroker(adapter, op);
  });
  afterAll(async () => {
    await app.close();
    backToRealTime();
  });

  it('works, as the token still says whose session is meant', async () => {
    const { access_token, refresh_token } = await signIn(app);
    pass(3_700);
    expect(await app.verdict(access_token)).toBe('401 The token has expired.');
    expect((await app.fetch('/auth/v2/logout', withBearer(access_token))).status).toBe(303);
    await expectOAuthError(await app.refresh(refresh_token!), 400, 'invalid_grant');
  });
});

describe.each(adapters)('the end of a session, where the provider has no end_session_endpoint, on $name', (adapter) => {
  let withoutLogout: TestOp;
  let app: RunningBroker;
  const listed = 'com.example.app:/signed-out';
  beforeAll(async () => {
    withoutLogout = await startOp({ rpInitiatedLogout: false });
    const auth = { publicUrl: 'https://app.example.org/base', postLogoutRedirectUris: [listed] };
    app = await startBroker(adapter, withoutLogout, { auth });
  });
  afterAll(async () => {
    await app.close();
    await withoutLogout.close();
  });

  it.each([
    ['https://app.example.org/bye', 'https://app.example.org/bye'],
    [listed, listed],
    ['https://evil.example.org/', '/'],
    ['//app.example.org/', '/'],
    ['', '/'],
  ])('leads from %j to %s', async (post_logout_redirect_uri, expected) => {
    const { code, state } = await signInElsewhere(app, { redirect_uri: caughtRedirect });
    const fields = form({ code, redirect_uri: caughtRedirect, code_verifier: state });
    const { access_token, refresh_token } = await tokensIn(await app.fetch('/auth/v2/token', fields));
    const body = new URLSearchParams({ post_logout_redirect_uri });
    const response = await app.fetch('/auth/v2/logout', withBearer(access_token, { body }));
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(expected);
    await expectOAuthError(await app.refresh(refresh_token!), 400, 'invalid_grant');
  });
});
