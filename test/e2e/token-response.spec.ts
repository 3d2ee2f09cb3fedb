import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

const refreshTokenTtl = 12_345;

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const seconds = () => Math.floor(Date.now() / 1_000);

describe.each(adapters)('the token response, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: { ...clientOptions(op), refreshTokenTtl } });
  });
  afterAll(() => app.close());

  /** What the application makes of an answer of the provider to a refresh. */
  async function answerTo(tokens: Record<string, unknown>): Promise<Response> {
    op.faults.once('token', fault.status(200, { access_token: 'opaque', token_type: 'Bearer', ...tokens }));
    return app.fetch('/auth/v2/token', form({ refresh_token: 'presented' }));
  }

  async function membersFor(tokens: Record<string, unknown>): Promise<Record<string, unknown>> {
    const response = await answerTo(tokens);
    expect(response.status).toBe(200);
    return (await response.json()) as Record<string, unknown>;
  }

  it('has all members where the provider gave all', async () => {
    const before = seconds();
    const tokens = await signIn(app);
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires: expect.any(Number),
      expires_in: 3_600,
      refresh_token: expect.any(String),
      refresh_expires: expect.any(Number),
      refresh_expires_in: refreshTokenTtl,
      scope: 'openid profile email',
      id_token: expect.any(String),
    });
    expect(tokens.expires - before - 3_600).toBeOneOf([0, 1, 2]);
    expect(tokens.refresh_expires! - before - refreshTokenTtl).toBeOneOf([0, 1, 2]);
  });

  it('has no refresh members, and nothing that is null, where the provider gave no refresh token', async () => {
    op.faults.once('token', fault.without('refresh_token', 'refresh_expires_in'));
    const tokens = await signIn(app);
    expect(Object.keys(tokens).toSorted()).toEqual([
      'access_token',
      'expires',
      'expires_in',
      'id_token',
      'scope',
      'token_type',
    ]);
  });

  it('names the scope that was asked for where the provider names none', async () => {
    op.faults.once(
      'token',
      fault.json(({ scope: _, ...body }) => ({ ...body, access_token: 'opaque' })),
    );
    expect(await signIn(app, { scope: 'email' })).toMatchObject({ scope: 'openid email' });
  });

  it('names the scope of the provider where that differs from what was asked for', async () => {
    op.faults.once(
      'token',
      fault.json((body) => ({ ...body, scope: 'openid' })),
    );
    expect(await signIn(app)).toMatchObject({ scope: 'openid' });
  });

  it('names no scope where nobody knows it', async () => {
    expect(await membersFor({})).not.toHaveProperty('scope');
  });

  describe('expiry of the access token', () => {
    it('comes from expires_in', async () => {
      expect(await membersFor({ expires_in: 77, access_token: await op.mint() })).toMatchObject({ expires_in: 77 });
      expect(await membersFor({ expires_in: '78' })).toMatchObject({ expires_in: 78 });
    });

    it('comes from the token where there is no expires_in', async () => {
      const exp = seconds() + 500;
      const tokens = await membersFor({ access_token: await op.mint({ exp }) });
      expect(tokens['expires']).toBe(exp);
      expect(exp - seconds() - Number(tokens['expires_in'])).toBeOneOf([-2, -1, 0]);
    });

    it('is taken to be 180 s away where nothing tells it', async () => {
      const before = seconds();
      const tokens = await membersFor({});
      expect(tokens).toMatchObject({ expires_in: 180 });
      expect(Number(tokens['expires']) - before - 180).toBeOneOf([0, 1, 2]);
    });

    it('is never in a fraction of a second, nor negative', async () => {
      expect(await membersFor({ expires_in: 10.9 })).toMatchObject({ expires_in: 10 });
      const expired = await op.mint({ exp: seconds() - 50 });
      expect(await membersFor({ access_token: expired })).toMatchObject({ expires_in: 0 });
      expect(Number.isInteger((await membersFor({ expires_in: 10.9 }))['expires'])).toBe(true);
    });
  });

  describe('expiry of the refresh token', () => {
    it.each(['refresh_expires_in', 'refresh_token_expires_in'])('comes from %s of the provider', async (name) => {
      const before = seconds();
      const tokens = await membersFor({ refresh_token: 'new', [name]: 1_800 });
      expect(tokens).toMatchObject({ refresh_token: 'new', refresh_expires_in: 1_800 });
      expect(Number(tokens['refresh_expires']) - before - 1_800).toBeOneOf([0, 1, 2]);
      expect(tokens).not.toHaveProperty('refresh_token_expires_in');
    });

    it.each([0, -1, null, 'never', undefined])('is that of the options where the provider says %j', async (value) => {
      const tokens = await membersFor({ refresh_token: 'new', refresh_expires_in: value });
      expect(tokens).toMatchObject({ refresh_expires_in: refreshTokenTtl });
      expect(Number(tokens['refresh_expires'])).toBeGreaterThan(seconds());
    });
  });

  it('spells the token type as existing clients expect it, and passes on nothing that it does not know', async () => {
    const tokens = await membersFor({ token_type: 'bearer', 'not-before-policy': 0, session_state: 'abc' });
    expect(tokens).toMatchObject({ token_type: 'Bearer' });
    expect(tokens).not.toHaveProperty('session_state');
    expect(tokens).not.toHaveProperty('not-before-policy');
  });

  it.each([
    { access_token: undefined },
    { access_token: 5 },
    { access_token: '' },
    { token_type: undefined },
    { token_type: 'mac' },
    { expires_in: 'soon' },
    { expires_in: null },
    { scope: 5 },
    { refresh_token: { a: 1 } },
    { id_token: 'no.jwt' },
    { refresh_token: null },
    { scope: null },
  ])('is not made of nonsense: %j is 502', async (tokens) => {
    await expectBadGateway(await answerTo(tokens));
  });
});
