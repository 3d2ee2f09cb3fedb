import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { OidcAuthOptions, TokenResponse } from '../../lib/index.js';
import { bearer } from '../fixtures/application.js';
import { forgedToken, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { sharedAudience, TestPeer } from '../fixtures/peer.js';
import { NestAddress, signInAt } from './nest-application.js';
import { PythonPeer } from './peer.js';

const UNKNOWN_KEY = '401 The token is signed by a key that its issuer does not publish.';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op?.close());
beforeEach(() => op.reset());

/** Not of this library, and the reason why the guide on federation says what it says. */
describe('limits of a Python peer', () => {
  let app: RunningBroker;
  let peer: PythonPeer;
  let ours: string;
  const start = async (options: Partial<OidcAuthOptions> = {}, alsoTrusted: readonly string[] = []) => {
    const address = await NestAddress.free();
    ours = address.issuer;
    peer = await PythonPeer.start(op, [ours, ...alsoTrusted]);
    app = await address.start(op, { trustedIssuers: [peer.issuer, ...alsoTrusted], ...options });
  };
  afterEach(async () => {
    await Promise.all([app?.close(), peer?.remove()]);
  });

  it('lets each of those it trusts speak for all others; ours does not', async () => {
    const third = await TestPeer.start();
    onTestFinished(() => third.down());
    await start({}, [third.issuer]);
    const forOurs = await third.mint({ iss: ours, sub: 'alice' });
    expect(await peer.claimsOf(forOurs)).toMatchObject({ iss: ours, sub: 'alice' });
    expect(await peer.verdict(await third.mint({ iss: peer.issuer }))).toMatch(/^401 Invalid token: Untrusted issuer/);
    expect(await app.verdict(forOurs)).toBe(UNKNOWN_KEY);
    expect(await app.verdict(await third.mint({ iss: peer.issuer, sub: 'alice' }))).toBe(UNKNOWN_KEY);
    expect(await app.verdict(await peer.sign({ iss: third.issuer, sub: 'alice' }))).toBe(UNKNOWN_KEY);
  });

  it('is stopped for everybody by one key that is not RSA', async () => {
    await start({ signingAlgorithm: 'ES256' });
    await expect(peer.mint({ sub: 'carol', email: null, roles: [] })).rejects.toThrow('answered 500');
    expect(await peer.verdict((await app.broker.mint({ sub: 'a-job' })).access_token)).toMatch(/^500 /);
  });

  it('takes a claim of another type than it expects for an error of its own', async () => {
    await start();
    expect(await peer.verdict(await forgedToken(app, { iss: ours, aud: sharedAudience, groups: ['staff'] }))).toBe(
      'accepted',
    );
    expect(await peer.verdict(await forgedToken(app, { iss: ours, aud: sharedAudience, groups: 'staff' }))).toMatch(
      /^500 /,
    );
  });

  it('takes its access tokens for refresh tokens, too', async () => {
    await start();
    const token = await peer.signIn('alice');
    const response = await peer.fetch('/api/auth/v2/token', {
      method: 'POST',
      body: new URLSearchParams({ 'refresh-token': token }),
    });
    expect(response.status).toBe(200);
    const refreshed = (await response.json()) as TokenResponse;
    expect(refreshed.access_token).not.toBe(token);
    expect(await peer.verdict(refreshed.access_token)).toBe('accepted');
  });

  it('asks its identity provider whose token it is, where the token has no name in it', async () => {
    await start();
    const userinfo = (token: string) => peer.fetch('/api/auth/v2/userinfo', bearer(token));
    const named = await userinfo(await signInAt(app));
    expect(await named.json()).toMatchObject({ username: 'alice' });
    op.resetRequests();
    const nameless = await forgedToken(app, { iss: ours, aud: sharedAudience });
    expect((await userinfo(nameless)).status).toBe(401);
    expect(op.requests('userinfo').map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${nameless}`]);
  });
});
