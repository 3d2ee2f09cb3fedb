import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type Fault, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectUnavailable } from '../fixtures/responses.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const aliceInToken = {
  preferred_username: 'alice-in-token',
  name: 'Alice In Token',
  given_name: 'Alice',
  family_name: 'In Token',
  email: 'alice@token.example.org',
  email_verified: false,
};

describe.each(adapters)('userinfo, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const userinfo = (token: string) => app.fetch('/auth/v2/userinfo', bearer(token));

  it('comes from the token where that suffices: the provider is not asked', async () => {
    const response = await userinfo(await op.mint(aliceInToken));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      sub: 'alice',
      ...aliceInToken,
      username: 'alice-in-token',
      first_name: 'Alice',
      last_name: 'In Token',
      pw_name: 'alice-in-token',
    });
    expect(op.requests('userinfo')).toHaveLength(0);
  });

  it('comes from the provider where the token does not suffice', async () => {
    const token = await op.mint();
    expect(await (await userinfo(token)).json()).toEqual({
      sub: 'alice',
      preferred_username: 'alice',
      name: 'Alice Liddell',
      given_name: 'Alice',
      family_name: 'Liddell',
      email: 'alice@example.org',
      email_verified: true,
      username: 'alice',
      first_name: 'Alice',
      last_name: 'Liddell',
      pw_name: 'alice',
    });
    expect(op.requests('userinfo')).toHaveLength(1);
    expect(op.requests('userinfo')[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });

  it('has an email of null where nobody knows one, and nothing else that is null', async () => {
    const user = await (await userinfo(await op.mint({ sub: 'bob' }))).json();
    expect(user).toEqual({
      sub: 'bob',
      preferred_username: 'bob',
      name: 'Bob Builder',
      given_name: 'Bob',
      family_name: 'Builder',
      email: null,
      username: 'bob',
      first_name: 'Bob',
      last_name: 'Builder',
      pw_name: 'bob',
    });
  });

  it('always has the names that existing clients read', async () => {
    op.faults.set('userinfo', fault.status(200, { sub: 'alice' }));
    expect(await (await userinfo(await op.mint())).json()).toEqual({
      sub: 'alice',
      email: null,
      username: 'alice',
      first_name: '',
      last_name: '',
      pw_name: 'alice',
    });
  });

  it('keeps what the token says where the provider says less, or says it in another type', async () => {
    const { email: _, ...most } = aliceInToken;
    const odd = { sub: 'alice', email: 5, name: null, preferred_username: ['x'], email_verified: 'yes' };
    op.faults.set('userinfo', fault.status(200, odd));
    expect(await (await userinfo(await op.mint(most))).json()).toMatchObject({
      sub: 'alice',
      preferred_username: 'alice-in-token',
      name: 'Alice In Token',
      username: 'alice-in-token',
      email_verified: false,
      email: null,
    });
  });

  it('tells of nobody else: another sub of the provider is refused', async () => {
    op.faults.set(
      'userinfo',
      fault.json((body) => ({ ...body, sub: 'bob', name: 'Bob Builder' })),
    );
    const body = await expectBadGateway(await userinfo(await op.mint()));
    expect(JSON.stringify(body)).not.toContain('ob');
    op.faults.set('userinfo', fault.without('sub'));
    await expectBadGateway(await userinfo(await op.mint()));
  });

  it('is from the token alone where the provider does not take the token', async () => {
    const refused = (status: number, challenge: string): Fault => {
      return async (ctx) => {
        ctx.status = status;
        ctx.set('WWW-Authenticate', challenge);
      };
    };
    for (const answer of [
      refused(401, 'Bearer'),
      refused(401, 'Bearer error="invalid_token"'),
      refused(403, 'Bearer error="insufficient_scope", scope="profile"'),
    ]) {
      op.faults.once('userinfo', answer);
      expect(await (await userinfo(await op.mint({ name: 'Alice' }))).json()).toMatchObject({ name: 'Alice' });
    }
  });

  it('is 503 with Retry-After where the provider cannot be reached, and 502 where it talks nonsense', async () => {
    for (const broken of [fault.down, fault.status(500), fault.status(503, { error: 'oops' })]) {
      op.faults.once('userinfo', broken);
      await expectUnavailable(await userinfo(await op.mint()));
    }
    for (const broken of [fault.html, fault.empty, fault.garbage, fault.oversized, fault.status(200, [])]) {
      op.faults.once('userinfo', broken);
      await expectBadGateway(await userinfo(await op.mint()));
    }
    expect((await userinfo(await op.mint())).status).toBe(200);
  });
});

describe('userinfo at a provider without a userinfo endpoint', () => {
  it('comes from the token', async () => {
    op.faults.set('discovery', fault.without('userinfo_endpoint'));
    const app = await startApplication(adapters[0], { auth: clientOptions(op) });
    const response = await app.fetch('/auth/v2/userinfo', bearer(await op.mint({ name: 'Alice' })));
    expect(await response.json()).toMatchObject({ sub: 'alice', name: 'Alice', username: 'alice', email: null });
    await app.close();
  });
});
