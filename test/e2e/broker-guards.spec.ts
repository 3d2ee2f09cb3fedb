import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore, TokenVerifier } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { brokerUrl, decoded, forgedToken, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { signIn as signInElsewhere, caughtRedirect } from '../fixtures/sign-in.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { backToRealTime, pass, stopTime } from '../fixtures/simulated-time.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('guards in broker mode, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    app = await startBroker(adapter, op);
  });
  afterAll(() => app.close());

  const typeRefused = '401 The token is not an access token of this application.';
  const otherIssuer = '401 The token comes from an issuer that is not trusted here.';

  it('accept the tokens of a login, a refresh, an exchange and a program', async () => {
    const { access_token, refresh_token } = await signIn(app);
    const refreshed = (await (await app.refresh(refresh_token!)).json()) as { access_token: string };
    const minted = await app.broker.mint({ sub: 'a-job' });
    for (const token of [access_token, refreshed.access_token, minted.access_token]) {
      expect(await app.verdict(token)).toBe('accepted');
    }
    expect(await app.app.get(TokenVerifier).verify(access_token)).toMatchObject({ sub: 'alice', iss: brokerUrl });
  });

  it('ask neither the provider nor the store for a token of ours', async () => {
    const { access_token } = await signIn(app);
    op.resetRequests();
    await op.down();
    expect(await app.verdict(access_token)).toBe('accepted');
  });

  it("refuse the provider's tokens, which clients must never hold", async () => {
    await signIn(app);
    const atProvider = op.requests('userinfo').at(-1)!.headers.authorization!.split(' ')[1]!;
    expect(await app.verdict(atProvider)).toBe(otherIssuer);
    expect(await app.verdict(await op.mint())).toBe(otherIssuer);
    expect(await app.verdict(await op.mint({ aud: brokerUrl }))).toBe(otherIssuer);
  });

  it("refuse a token that the provider signed in this application's name", async () => {
    const token = await op.mint({ iss: brokerUrl, aud: brokerUrl });
    expect(await app.verdict(token)).toBe('401 The token is signed by a key that its issuer does not publish.');
  });

  it('refuse refresh tokens and sealed states', async () => {
    const { refresh_token } = await signIn(app);
    const { state } = await signInElsewhere(app, { redirect_uri: caughtRedirect });
    for (const token of [refresh_token!, state]) expect(await app.verdict(token)).toBe('401 The token is not a JWT.');
  });

  it.each([undefined, 'JWT', 'logout+jwt', 'id+jwt'])('refuse a token of ours of the type %s', async (typ) => {
    expect(await app.verdict(await forgedToken(app, {}))).toBe('accepted');
    const verdict = await app.verdict(await forgedToken(app, {}, { typ }));
    expect(verdict).toMatch(/^401 The token is not an access token/);
    if (typ === undefined || typ === 'JWT') expect(verdict).toBe(typeRefused);
  });

  it.each([
    ['for another audience', { aud: 'other-api' }, '401 The token is meant for another application ("aud").'],
    ['without audience', { aud: undefined }, '401 The token is meant for another application ("aud").'],
    ['without subject', { sub: undefined }, '401'],
    ['without expiry', { exp: undefined }, '401'],
    ['that has expired', { exp: 1 }, '401 The token has expired.'],
    ['of another issuer', { iss: `${brokerUrl}/` }, otherIssuer],
  ])('refuse a token signed by our key %s', async (_, claims, expected) => {
    expect(await app.verdict(await forgedToken(app, claims))).toContain(expected);
  });

  it('refuse the tokens of another application that gives the same issuer and audience', async () => {
    const other = await startBroker(adapter, op, { auth: { brokerStoreObj: new MemoryBrokerStore() } });
    const { access_token } = await signIn(other);
    expect(decoded(access_token).claims).toMatchObject({ iss: brokerUrl, aud: brokerUrl });
    expect(await app.verdict(access_token)).toBe('401 The token is signed by a key that its issuer does not publish.');
    await other.close();
  });

  it('refuse the tokens of another issuer with the same audience and the same keys', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const auth = { brokerStoreObj, brokerAudience: 'shared-api' };
    const one = await startBroker(adapter, op, { auth });
    const other = await startBroker(adapter, op, { auth: { ...auth, brokerIssuer: 'https://other.example.org' } });
    expect(await one.verdict((await signIn(other)).access_token)).toBe(otherIssuer);
    expect(await one.verdict((await signIn(one)).access_token)).toBe('accepted');
    await Promise.all([one.close(), other.close()]);
  });

  it('accept at one instance what another on the same store has issued', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const [one, other] = [
      await startBroker(adapter, op, { auth: { brokerStoreObj } }),
      await startBroker(adapter, op, { auth: { brokerStoreObj } }),
    ];
    const { access_token, refresh_token } = await signIn(one);
    expect(await other.verdict(access_token)).toBe('accepted');
    expect((await other.refresh(refresh_token!)).status).toBe(200);
    await Promise.all([one.close(), other.close()]);
  });

  it('refuse a signature by another key under the id of ours', async () => {
    const { access_token } = await signIn(app);
    const { header, claims } = decoded(access_token);
    const stranger = { ...(await generateSigningKey('RS256')), kid: header.kid! };
    expect(await app.verdict(await op.signWith(stranger, claims))).toMatch(/^401 .*signature/);
  });
});

describe.each(adapters)('an access token of ours, on $name', (adapter) => {
  let app: RunningBroker;
  beforeAll(async () => {
    stopTime();
    app = await startBroker(adapter, op, { auth: { accessTokenTtl: 600 } });
  });
  afterAll(async () => {
    await app.close();
    backToRealTime();
  });

  it('is good until its end, and for as long as clocks may differ', async () => {
    const { access_token } = await signIn(app);
    pass(605);
    expect(await app.verdict(access_token)).toBe('accepted');
    pass(10);
    expect(await app.verdict(access_token)).toBe('401 The token has expired.');
  });
});
