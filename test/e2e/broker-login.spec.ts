import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { bearer, form } from '../fixtures/application.js';
import { brokerUrl, decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('a login in broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  it('gives tokens of the application, which its guards accept', async () => {
    const tokens = await signIn(app);
    expect(decoded(tokens.access_token)).toMatchObject({
      header: { typ: 'at+jwt', alg: 'RS256', kid: expect.any(String) },
      claims: {
        iss: brokerUrl,
        sub: 'alice',
        aud: brokerUrl,
        client_id: 'confidential-client',
        preferred_username: 'alice',
        email: 'alice@example.org',
        name: 'Alice Liddell',
        roles: ['/staff', 'admin', 'editor', 'user'],
      },
    });
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3_600, refresh_token: expect.any(String) });
    const me = await app.fetch('/who-am-i', bearer(tokens.access_token));
    expect(await me.json()).toMatchObject({ iss: brokerUrl, sub: 'alice' });
  });

  it('goes on with refresh tokens', async () => {
    const tokens = await signIn(app);
    const next = await tokensIn(await app.fetch('/auth/v2/token', form({ refresh_token: tokens.refresh_token! })));
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect(await (await app.fetch('/who-am-i', bearer(next.access_token))).json()).toMatchObject({ sub: 'alice' });
  });
});
