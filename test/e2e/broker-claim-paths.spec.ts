import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
let app: RunningBroker;
beforeAll(async () => {
  op = await startOp({ rolesInIdToken: true });
});
afterAll(() => op.close());
beforeEach(() => op.reset());
afterEach(() => app.close());

// Where a claim is looked for passes no adapter.
async function start(auth: Partial<OidcAuthOptions>): Promise<void> {
  app = await startBroker(adapters[1], op, { auth });
}

const userInfoHas = (members: object) =>
  op.faults.set(
    'userinfo',
    fault.json((body) => ({ ...body, ...members })),
  );

const claimsIn = (token: string): Record<string, unknown> => decoded(token).claims;

describe('role sources that begin with a wildcard', () => {
  const roleSources = ['*.roles'];

  it('find roles wherever the provider names them, and leave alone what the profile says', async () => {
    await start({ roleSources });
    userInfoHas({ app: { roles: ['operator'] } });
    const { access_token } = await signIn(app);
    expect(claimsIn(access_token)).toMatchObject({
      roles: ['admin', 'operator', 'user'],
      name: 'Alice Liddell',
      email: 'alice@example.org',
      preferred_username: 'alice',
    });
    expect(await app.verdict(access_token)).toBe('accepted');
  });

  it('find those of the access token, though userinfo has a claim of that name without roles', async () => {
    await start({ roleSources });
    op.faults.set('token', fault.without('id_token'));
    op.faults.once('token', (_ctx, next) => next());
    const { refresh_token } = await signIn(app);
    userInfoHas({ realm_access: { verified: true } });
    const { access_token } = await tokensIn(await app.refresh(refresh_token!));
    expect(claimsIn(access_token)).toMatchObject({ roles: ['admin', 'user'] });
  });

  it('find no role of an earlier ID token that has been taken away since', async () => {
    await start({ roleSources });
    const { access_token, refresh_token } = await signIn(app);
    expect(claimsIn(access_token)).toMatchObject({ roles: ['admin', 'user'] });
    const { alice } = op.users;
    const before = { ...alice };
    alice['realm_access'] = { roles: ['user'] };
    op.faults.set('token', fault.without('id_token'));
    try {
      const next = await tokensIn(await app.refresh(refresh_token!));
      expect(claimsIn(next.access_token)).toMatchObject({ roles: ['user'], name: 'Alice Liddell' });
    } finally {
      Object.assign(alice, before);
    }
  });

  it('keep from mapClaims what holds roles, and nothing else', async () => {
    let given: Readonly<Record<string, unknown>> = {};
    const mapClaims = (identity: typeof given) => {
      given = identity;
      return {};
    };
    await start({ roleSources, mapClaims });
    userInfoHas({ app: { roles: ['operator'] }, address: { locality: 'Oxford' } });
    await signIn(app);
    expect(given).toMatchObject({ roles: ['admin', 'operator', 'user'], address: { locality: 'Oxford' } });
    expect(given).not.toHaveProperty('app');
    expect(given).not.toHaveProperty('realm_access');
  });
});

describe('a claim that the module demands', () => {
  it.each<[string, string, object]>([
    ['by a wildcard', '*.tier', { subscription: { tier: 'gold' } }],
    ['by a wildcard further down', 'subscription.*.tier', { subscription: { eu: { tier: 'gold' } } }],
    [
      'by a path that leads nowhere in the claim of the longer name',
      'subscription.eu.tier',
      { 'subscription.eu': { tier: undefined, seats: 5 }, subscription: { eu: { tier: 'gold' } } },
    ],
  ])('%s is found at login, and by the guard in the token of that login', async (_, path, members) => {
    await start({ claims: { [path]: 'gold' } });
    userInfoHas(members);
    const { access_token } = await signIn(app);
    expect(claimsIn(access_token)).toMatchObject({ subscription: expect.any(Object) });
    expect(await app.verdict(access_token)).toBe('accepted');
  });

  it('by a wildcard that finds another value refuses the login', async () => {
    await start({ claims: { '*.tier': 'gold' } });
    userInfoHas({ subscription: { tier: 'silver' } });
    const login = new URLSearchParams({ redirect_uri: `${app.url}/auth/v2/callback` });
    const { response } = await new UserAgent().follow(`${app.url}/auth/v2/login?${login}`);
    await expectOAuthError(response, 403, 'insufficient_scope');
  });

  it('by a wildcard among roles stays in the token, which has the roles in one list besides', async () => {
    await start({ roleSources: ['*.roles'], claims: { '*.roles': 'admin' } });
    const { access_token } = await signIn(app);
    expect(claimsIn(access_token)).toMatchObject({
      realm_access: { roles: ['admin', 'user'] },
      roles: ['admin', 'user'],
    });
    expect(await app.verdict(access_token)).toBe('accepted');
  });
});
