import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { clients, startOp, type TestOp } from '../fixtures/op/index.js';
import { newPkce } from '../fixtures/pkce.js';
import { caughtRedirect, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const oldKey = randomBytes(32).toString('base64');
const newKey = randomBytes(32).toString('base64url');

describe.each(adapters)('a login that is started at one instance and ends at another, on $name', (adapter) => {
  /** Both have the same client; the second is the next deploy, or stands beside the first. */
  async function withInstances(
    [first, second]: readonly [Partial<OidcAuthOptions>, Partial<OidcAuthOptions>],
    run: (start: RunningApplication, end: RunningApplication) => Promise<void>,
  ) {
    const start = await startApplication(adapter, { auth: { ...clientOptions(op), ...first } });
    const end = await startApplication(adapter, { auth: { ...clientOptions(op), ...second } });
    try {
      await run(start, end);
    } finally {
      await Promise.all([start.close(), end.close()]);
    }
  }

  async function atOwnCallback(start: RunningApplication, end: RunningApplication) {
    const browser = new UserAgent();
    const answer = await signIn(start, { redirect_uri: ownCallback(start) }, browser);
    return browser.get(answer.at(end));
  }

  async function byExistingClient(start: RunningApplication, end: RunningApplication) {
    const { code, state } = await signIn(start, { redirect_uri: caughtRedirect });
    return end.fetch('/auth/v2/token', form({ code, redirect_uri: caughtRedirect, code_verifier: state }));
  }

  async function withOwnPkce(start: RunningApplication, end: RunningApplication) {
    const { code_verifier, challenge } = await newPkce();
    const { code } = await signIn(start, { redirect_uri: caughtRedirect, ...challenge });
    return end.fetch('/auth/v2/token', form({ code, redirect_uri: caughtRedirect, code_verifier }));
  }

  const rings: [string, readonly [Partial<OidcAuthOptions>, Partial<OidcAuthOptions>]][] = [
    ['the same client secret', [{}, {}]],
    ['the same key', [{ encryptionKeys: [oldKey] }, { encryptionKeys: [oldKey] }]],
    ['a new key before the old one', [{ encryptionKeys: [oldKey] }, { encryptionKeys: [newKey, oldKey] }]],
    ['the keys in another order', [{ encryptionKeys: [newKey, oldKey] }, { encryptionKeys: [oldKey, newKey] }]],
    [
      'a new key before the client secret, which made the old one',
      [{}, { encryptionKeys: [newKey, { fromClientSecret: clients.confidential.clientSecret }] }],
    ],
  ];

  it.each(rings)('is completed in each way with %s', (_, options) =>
    withInstances(options, async (start, end) => {
      for (const way of [atOwnCallback, byExistingClient, withOwnPkce]) {
        expect((await way(start, end)).status).toBe(200);
      }
    }),
  );

  it('is refused where the old key is gone', () =>
    withInstances([{ encryptionKeys: [oldKey] }, { encryptionKeys: [newKey] }], async (start, end) => {
      for (const way of [atOwnCallback, byExistingClient]) expect((await way(start, end)).status).toBe(400);
      expect(op.requests('token')).toEqual([]);
      // The nonce of this one is made with the key, too.
      expect((await withOwnPkce(start, end)).status).toBe(400);
    }));

  it('is refused between instances of a public client without a key in common', async () => {
    const { clientId } = clients.public;
    const options = { clientId, clientSecret: undefined };
    await withInstances([options, options], async (start, end) => {
      expect((await byExistingClient(start, end)).status).toBe(400);
      expect((await byExistingClient(start, start)).status).toBe(200);
    });
  });
});
