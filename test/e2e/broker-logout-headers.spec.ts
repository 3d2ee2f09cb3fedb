import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer, form } from '../fixtures/application.js';
import { startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, json } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('the headers of a logout in broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const logout = (init: RequestInit) => app.fetch('/auth/v2/logout', { method: 'POST', ...init });

  /** Neither kept by anybody nor told to the next page. */
  function expectDiscreet({ headers }: Response): void {
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
  }

  it('let no page learn where the browser came from', async () => {
    const { refresh_token } = await signIn(app);
    const response = await logout(form({ refresh_token: refresh_token! }));
    expect(response.status).toBe(303);
    expectDiscreet(response);
  });

  it('are the same where a program is told where to go', async () => {
    const { access_token } = await signIn(app);
    const headers = { ...bearer(access_token).headers, accept: 'application/json' };
    const response = await logout({ headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ logout_url: expect.stringContaining(`${op.issuer}/session/end?`) });
    expectDiscreet(response);
  });

  it.each([
    ['without a token', {}, 400, 'invalid_request'],
    ['with a refresh token that is not ours', form({ refresh_token: 'nonsense' }), 400, 'invalid_grant'],
    ['with a refresh token that is no string', json({ refresh_token: ['a'] }), 400, 'invalid_request'],
    ['with a bearer token that is not ours', bearer('nonsense'), 401, 'invalid_token'],
  ])('are the same where it is refused: %s', async (_, init, status, error) => {
    const response = await logout(init);
    expectDiscreet(response);
    await expectOAuthError(response, status, error);
  });

  it('name the methods that are possible where HEAD is not, which ends no session and asks nobody anything', async () => {
    const { access_token, refresh_token } = await signIn(app);
    op.resetRequests();
    const response = await app.fetch('/auth/v2/logout', { method: 'HEAD', ...bearer(access_token) });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
    expect(response.headers.has('location')).toBe(false);
    expectDiscreet(response);
    expect(op.requests('revocation')).toEqual([]);
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });
});
