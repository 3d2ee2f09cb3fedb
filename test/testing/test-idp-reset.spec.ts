import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp, type TestIdpEndpoint } from '../../lib/testing/test-idp/index.js';
import { Wire } from './wire.js';

let idp: TestIdp;
let wire: Wire;
beforeAll(async () => {
  idp = await startTestIdp({ signingAlgorithm: 'ES256' });
  wire = new Wire(idp);
});
afterAll(() => idp.close());
beforeEach(() => idp.reset());

const outcome = (request: Promise<Response>) =>
  request.then(
    ({ status }) => status,
    (error: { cause?: { code?: string } }) => error.cause?.code,
  );
const BROKEN = 'UND_ERR_SOCKET';

/** The outcome of a request that has reached the provider. */
async function underWay(endpoint: TestIdpEndpoint, request: Promise<Response>): Promise<{ is: Promise<unknown> }> {
  const before = idp.requests(endpoint).length;
  const is = outcome(request);
  await expect.poll(() => idp.requests(endpoint)).toHaveLength(before + 1);
  return { is };
}

describe('a request that reset() meets under way', () => {
  it.each([{ slow: 50 }, 'hang'] as const)('is broken off at once, with the fault %o', async (fault) => {
    idp.faults.set('all', fault);
    const late = await underWay('authorization', wire.authorize());
    await idp.reset();
    expect(await late.is).toBe(BROKEN);
    expect(idp.requests()).toEqual([]);
  });

  it('takes nothing from the next test: no denial, no fault', async () => {
    idp.faults.once('authorization', { slow: 50 });
    const late = await underWay('authorization', wire.authorize());
    await idp.reset();
    idp.denyNextAuthorization();
    idp.faults.once('discovery', { slow: 100 });
    // By then the late one has had its turn.
    expect((await fetch(idp.discoveryUrl)).status).toBe(200);
    expect(await late.is).toBe(BROKEN);
    expect(await wire.authorizationResponse()).toMatchObject({ error: 'access_denied' });
  });

  it('signs nobody out in the next test, and tells no application', async () => {
    idp.client().backchannelLogoutUri = `${idp.issuer}/authorize`;
    const { id_token: hint } = await wire.signIn();
    idp.faults.once('end_session', { slow: 50 });
    await underWay('end_session', fetch(`${idp.issuer}/logout?${new URLSearchParams({ id_token_hint: hint! })}`));
    await idp.reset();
    idp.faults.once('discovery', { slow: 100 });
    expect((await fetch(idp.discoveryUrl)).status).toBe(200);
    expect(idp.requests('authorization')).toEqual([]);
    idp.client().backchannelLogoutUri = undefined;
  });
});

it('requests that reset() finds answered have nothing to fear, and neither have those after it', async () => {
  for (let round = 0; round < 3; round++) {
    const response = await fetch(idp.discoveryUrl);
    await idp.reset();
    expect(await response.json()).toMatchObject({ issuer: idp.issuer });
  }
});

it('reset() goes back to the users that were given, not to what has become of them since', async () => {
  const users = { alice: { roles: ['admin'] }, bob: { sub: '4711' } };
  const other = await startTestIdp({ signingAlgorithm: 'ES256', users });
  users.alice.roles.push('auditor');
  users.bob.sub = 'alice';
  (other.user('alice').roles as string[]).push('user');
  await other.reset();
  expect([other.user('alice').roles, other.user('bob').sub]).toEqual([['admin'], '4711']);
  await other.close();
});

it('reset(), down() and up() come one after another, in whatever hurry', async () => {
  await Promise.all([idp.down(), idp.up(), idp.down(), idp.reset(), idp.reset()]);
  expect(await outcome(fetch(idp.discoveryUrl))).toBe(200);
});

describe('after close()', () => {
  it('nothing listens again, neither by reset() nor by up(), and the author is told', async () => {
    const other = await startTestIdp({ signingAlgorithm: 'ES256' });
    await other.close();
    await expect(other.reset()).rejects.toThrow('This test identity provider is closed: start another one.');
    const refused = [other.up(), other.mintToken(), other.rotateKeys(), other.logOut('alice')];
    for (const outcome of await Promise.allSettled(refused)) {
      expect(outcome).toMatchObject({ reason: { message: expect.stringContaining('is closed: start another one') } });
    }
    expect(await outcome(fetch(other.discoveryUrl))).toBe('ECONNREFUSED');
    await Promise.all([other.close(), other.down()]);
  });

  it('also where up() was still at it', async () => {
    const other = await startTestIdp({ signingAlgorithm: 'ES256' });
    await other.down();
    const up = other.up().catch(() => undefined);
    await other.close();
    await up;
    expect(await outcome(fetch(other.discoveryUrl))).toBe('ECONNREFUSED');
  });

  it('has happened at the end of a block with `await using`', async () => {
    let url: string;
    {
      await using other = await startTestIdp({ signingAlgorithm: 'ES256' });
      url = other.discoveryUrl;
      expect(await outcome(fetch(url))).toBe(200);
    }
    expect(await outcome(fetch(url))).toBe('ECONNREFUSED');
  });
});
