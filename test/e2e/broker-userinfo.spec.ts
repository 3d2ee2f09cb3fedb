import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer } from '../fixtures/application.js';
import { decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('userinfo in broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const userInfo = (token: string, at = app) => at.fetch('/auth/v2/userinfo', bearer(token));

  it('tells what the session knows beyond the token, and asks the provider nothing', async () => {
    const { access_token } = await signIn(app);
    op.resetRequests();
    const response = await userInfo(access_token);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
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
    expect(op.requests('userinfo')).toEqual([]);
  });

  it('tells of each user his own, also of two who signed in at once', async () => {
    const [alice, bob] = await Promise.all([signIn(app), signIn(app, { login_hint: 'bob' })]);
    expect(await (await userInfo(alice.access_token)).json()).toMatchObject({ sub: 'alice', first_name: 'Alice' });
    expect(await (await userInfo(bob.access_token)).json()).toMatchObject({
      sub: 'bob',
      first_name: 'Bob',
      email: null,
    });
  });

  it('tells of a user whose session has ended what the token says, as long as that is valid', async () => {
    const { access_token } = await signIn(app);
    await app.broker.endSession(decoded(access_token).claims['sid'] as string);
    expect(await (await userInfo(access_token)).json()).toMatchObject({
      sub: 'alice',
      email: 'alice@example.org',
      name: 'Alice Liddell',
      first_name: '',
    });
  });

  it('tells of a token without a session what the token says, whoever else is signed in', async () => {
    await signIn(app);
    const { access_token } = await app.broker.mint({ sub: 'alice', preferred_username: 'a-job' });
    expect(await (await userInfo(access_token)).json()).toEqual({
      sub: 'alice',
      preferred_username: 'a-job',
      username: 'a-job',
      pw_name: 'a-job',
      email: null,
      first_name: '',
      last_name: '',
    });
  });

  it('is 401 without a token, and for every token that is not ours', async () => {
    expect((await app.fetch('/auth/v2/userinfo')).status).toBe(401);
    const { refresh_token } = await signIn(app);
    const atProvider = op.requests('userinfo').at(-1)!.headers.authorization!.split(' ')[1]!;
    for (const token of [atProvider, refresh_token!, await op.mint()]) {
      const response = await userInfo(token);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
  });

  it('needs no session where the token says it all', async () => {
    const mapClaims = ({ given_name, family_name }: Record<string, unknown>) => ({ given_name, family_name });
    const talkative = await startBroker(adapter, op, { auth: { mapClaims } });
    const { access_token } = await signIn(talkative);
    await talkative.broker.endSession(decoded(access_token).claims['sid'] as string);
    expect(await (await userInfo(access_token, talkative)).json()).toMatchObject({
      first_name: 'Alice',
      last_name: 'Liddell',
    });
    await talkative.close();
  });
});
