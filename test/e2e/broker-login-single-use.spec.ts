import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { form } from '../fixtures/application.js';
import { SqlBrokerDatabase } from '../fixtures/broker-database.js';
import { newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { newPkce } from '../fixtures/pkce.js';
import { expectOAuthError, expectUnavailable, tokensIn } from '../fixtures/responses.js';
import { caughtRedirect, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const encryptionKeys = [newEncryptionKey()];
const redeem = (app: RunningBroker, fields: Record<string, string>) =>
  app.fetch('/auth/v2/token', form({ redirect_uri: caughtRedirect, ...fields }));

describe.each(adapters)('a login with two instances on one store, on $name', (adapter: Adapter) => {
  let db: SqlBrokerDatabase;
  let one: RunningBroker;
  let other: RunningBroker;
  beforeAll(async () => {
    db = await SqlBrokerDatabase.sqlite();
    const auth = { brokerStoreUrl: db.url, encryptionKeys };
    [one, other] = [await startBroker(adapter, op, { auth }), await startBroker(adapter, op, { auth })];
  });
  afterAll(async () => {
    await Promise.all([one.close(), other.close()]);
    await db.close();
  });

  it('begins at one and ends at the other', async () => {
    const browser = new UserAgent();
    const callback = await signIn(one, { redirect_uri: ownCallback(one) }, browser);
    expect((await browser.get(callback.at(other))).status).toBe(200);
  });

  it('is completed once, whichever instance is asked again', async () => {
    const browser = new UserAgent();
    const callback = await signIn(one, { redirect_uri: ownCallback(one) }, browser);
    const cookie = browser.cookies.header(one.url);
    await tokensIn(await browser.get(callback));
    for (const app of [other, one]) {
      const response = await new UserAgent({ headers: { cookie } }).get(callback.at(app));
      const { error_description } = await expectOAuthError(response, 400, 'invalid_request');
      expect(error_description).toContain('already been completed');
    }
    expect(op.requests('token')).toHaveLength(1);
  });

  it.each([
    ['that posts the state', async () => ({ challenge: {}, proof: (state: string) => ({ code_verifier: state }) })],
    [
      'with PKCE of its own',
      async () => {
        const { challenge, code_verifier } = await newPkce();
        return { challenge, proof: () => ({ code_verifier }) };
      },
    ],
  ])('is completed once by a client %s, though both are asked at the same moment', async (_, way) => {
    const { challenge, proof } = await way();
    const { code, state } = await signIn(one, { redirect_uri: caughtRedirect, ...challenge });
    const answers = await Promise.all([one, other].map((app) => redeem(app, { code, ...proof(state) })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    expect(op.requests('token')).toHaveLength(1);
    const winner = answers.find(({ status }) => status === 200);
    // The provider has seen the code once, so nothing that the winner got was withdrawn.
    expect((await one.refresh((await tokensIn(winner!)).refresh_token!)).status).toBe(200);
  });

  it('may be tried again, at either, where the provider gave no answer', async () => {
    const { code, state } = await signIn(one, { redirect_uri: caughtRedirect });
    op.faults.once('token', fault.down, fault.status(503));
    await expectUnavailable(await redeem(one, { code, code_verifier: state }));
    await expectUnavailable(await redeem(other, { code, code_verifier: state }));
    await tokensIn(await redeem(other, { code, code_verifier: state }));
  });

  it('may not be tried again where the provider refused the code', async () => {
    const { state } = await signIn(one, { redirect_uri: caughtRedirect });
    await expectOAuthError(await redeem(one, { code: 'another', code_verifier: state }), 400, 'invalid_grant');
    op.resetRequests();
    await expectOAuthError(await redeem(other, { code: 'another', code_verifier: state }), 400, 'invalid_grant');
    expect(op.requests('token')).toEqual([]);
  });
});
