import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { newPkce } from '../fixtures/pkce.js';
import { caughtRedirect, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
afterEach(() => op.reset());

/** Signs in, and hands out what redeems the code: the same request each time, cookie included. */
type SignedIn = () => Promise<Response>;

const ways: [string, (app: RunningApplication) => Promise<SignedIn>][] = [
  [
    'at our own callback',
    async (app) => {
      const browser = new UserAgent();
      const answer = await signIn(app, { redirect_uri: ownCallback(app) }, browser);
      const headers = { cookie: browser.cookies.header(app.url) };
      return () => fetch(answer, { headers, redirect: 'manual' });
    },
  ],
  [
    'by an existing client',
    async (app) => {
      const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
      const fields = { code, redirect_uri: caughtRedirect, code_verifier: state };
      return () => app.fetch('/auth/v2/token', form(fields));
    },
  ],
  [
    'by a client with PKCE of its own',
    async (app) => {
      const { code_verifier, challenge } = await newPkce();
      const { code } = await signIn(app, { redirect_uri: caughtRedirect, ...challenge });
      const fields = { code, redirect_uri: caughtRedirect, code_verifier };
      return () => app.fetch('/auth/v2/token', form(fields));
    },
  ],
];

describe.each(adapters)('a login is redeemed once, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  describe.each(ways)('%s', (_, signedIn) => {
    let redeem: SignedIn;
    beforeEach(async () => {
      redeem = await signedIn(app);
      op.resetRequests();
    });

    it('again is 400, and the provider, which would end the session at a replay, does not hear of it', async () => {
      expect((await redeem()).status).toBe(200);
      const again = await redeem();
      expect(again.status).toBe(400);
      expect(await again.json()).toMatchObject({ detail: expect.stringContaining('already'), statusCode: 400 });
      expect(op.requests('token')).toHaveLength(1);
    });

    it('by equal requests at once shares one request to the provider, and one answer', async () => {
      op.faults.once('token', fault.delay(150));
      const responses = await Promise.all(Array.from({ length: 5 }, redeem));
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      const [first, ...others] = await Promise.all(responses.map((response) => response.json()));
      expect(first).toHaveProperty('access_token');
      for (const other of others) expect(other).toEqual(first);
      expect(op.requests('token')).toHaveLength(1);
    });

    it.each([
      ['cannot be reached', fault.down],
      ['answers 500', fault.status(500)],
      ['is being updated', fault.status(503, '<h1>Maintenance</h1>')],
    ])('but is not used up where the provider %s: 503, and then it can be redeemed', async (_, broken) => {
      op.faults.once('token', broken);
      const failed = await redeem();
      expect(failed.status).toBe(503);
      expect(Number(failed.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await failed.json()).toMatchObject({ error: 'temporarily_unavailable', statusCode: 503 });

      expect((await redeem()).status).toBe(200);
    });

    it('is over where the answer of the provider was lost: it then says so itself', async () => {
      op.faults.once('token', fault.answerLost);
      expect((await redeem()).status).toBe(503);
      const again = await redeem();
      expect(again.status).toBe(400);
      expect(await again.json()).toMatchObject({ error: 'invalid_grant' });
    });

    it.each([
      ['HTML', fault.html],
      ['nothing', fault.empty],
      ['half a JSON', fault.garbage],
      ['no access token', fault.without('access_token')],
      ['a redirect', fault.redirect('http://127.0.0.1:1/')],
      ['8 MB', fault.oversized],
    ])('is 502 where the provider answers %s', async (_, nonsense) => {
      op.faults.once('token', nonsense);
      const response = await redeem();
      expect(response.status).toBe(502);
      const body = await response.json();
      expect(body).toMatchObject({ error: 'server_error', statusCode: 502 });
      expect(JSON.stringify(body)).not.toContain(op.issuer);
    });
  });
});
