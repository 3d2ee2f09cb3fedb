import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { form } from '../fixtures/application.js';
import { BreakableStore } from '../fixtures/breakable-store.js';
import { revokedTokens, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { caughtRedirect, signIn } from '../fixtures/sign-in.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const redeem = (app: RunningBroker, fields: Record<string, string>) =>
  app.fetch('/auth/v2/token', form({ redirect_uri: caughtRedirect, ...fields }));

describe.each(adapters)('a login while the store is down, on $name', (adapter) => {
  let store: BreakableStore;
  let app: RunningBroker;
  beforeAll(async () => {
    store = new BreakableStore();
    app = await startBroker(adapter, op, { auth: { brokerStoreObj: store } });
  });
  beforeEach(() => store.mend());
  afterAll(() => app.close());

  it('is 503, and the code is not spent', async () => {
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
    store.break();
    await expectUnavailable(await redeem(app, { code, code_verifier: state }));
    expect(op.requests('token')).toEqual([]);
    store.mend();
    await tokensIn(await redeem(app, { code, code_verifier: state }));
  });

  it('is 503 where the session cannot be kept, and the provider gets its token back', async () => {
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
    let issued: string | undefined;
    op.faults.once(
      'token',
      fault.json((body) => {
        issued = body['refresh_token'];
        // The marker has been written by now; what follows is the session.
        store.break('insert');
        return body;
      }),
    );
    await expectUnavailable(await redeem(app, { code, code_verifier: state }));
    expect(revokedTokens(op)).toEqual([issued]);
    expect(await store.list('grant', {}, { limit: 10 })).toHaveLength(1);
  });

  it('shows neither the address nor the error of the database', async () => {
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
    store.break();
    const text = await (await redeem(app, { code, code_verifier: state })).text();
    expect(text).not.toMatch(/10\.1\.2\.3|ECONNREFUSED|connect/);
  });
});

describe.each(adapters)('an application whose store is down when it starts, on $name', (adapter) => {
  it('starts, answers 503, and works as soon as the store is there', async () => {
    const store = new BreakableStore();
    store.break();
    const app = await startBroker(adapter, op, { auth: { brokerStoreObj: store } });
    await expectUnavailable(await app.fetch('/auth/v2/.well-known/jwks.json'));
    const wellFormed = `AQ${'A'.repeat(69)}`;
    await expectUnavailable(await app.refresh(wellFormed));
    const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
    await expectUnavailable(await redeem(app, { code, code_verifier: state }));
    store.mend();
    // What failed is not tried again at once, so that a flood of requests does not become one of connections.
    const retry = async () => (await redeem(app, { code, code_verifier: state })).status;
    await expect.poll(retry, { interval: 200 }).toBe(200);
    await expectOAuthError(await app.refresh(wellFormed), 400, 'invalid_grant');
    await app.close();
  });

  it('goes on verifying tokens while the store is down later', async () => {
    const store = new BreakableStore();
    const app = await startBroker(adapter, op, { auth: { brokerStoreObj: store } });
    const { access_token } = await app.broker.mint({ sub: 'a-job' });
    const { access_token: unseen } = await app.broker.mint({ sub: 'a-job' });
    expect(await app.verdict(access_token)).toBe('accepted');
    store.break();
    expect(await app.verdict(access_token)).toBe('accepted');
    expect(await app.verdict(unseen)).toBe('accepted');
    expect((await app.fetch('/auth/v2/.well-known/jwks.json')).status).toBe(200);
    await app.close();
  });
});
