import { createLocalJWKSet, jwtVerify } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { brokersInStoppedTime, jwksOf, kidOfNewToken, kidsOf, newToken } from '../fixtures/broker-keys.js';
import { brokerUrl, decoded } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { pass } from '../fixtures/simulated-time.js';

const { start } = brokersInStoppedTime();
const operator = new OperatorLines();
beforeEach(() => operator.clear());

describe('the first signing key', () => {
  it('is made once, and is the same for every instance and after a restart', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const [one, other] = await Promise.all([start({ auth: { brokerStoreObj } }), start({ auth: { brokerStoreObj } })]);
    expect(await kidsOf(one)).toHaveLength(1);
    expect(await kidsOf(other)).toEqual(await kidsOf(one));
    expect([...one.eventsOf('key_rotated'), ...other.eventsOf('key_rotated')]).toEqual([
      { type: 'key_rotated', kid: await kidOfNewToken(one), generation: 1, reason: 'first' },
    ]);
    expect(await other.verdict(await newToken(one))).toBe('accepted');
    expect(await kidsOf(await start({ auth: { brokerStoreObj } }))).toEqual(await kidsOf(one));
  });
});

describe('the signing algorithm', () => {
  it.each([
    ['RS256', 'RSA', ['n', 'e']],
    ['PS256', 'RSA', ['n', 'e']],
    ['ES256', 'EC', ['crv', 'x', 'y']],
    ['EdDSA', 'OKP', ['crv', 'x']],
  ] as const)('can be %s', async (signingAlgorithm, kty, members) => {
    const app = await start({ auth: { signingAlgorithm }, logger: operator });
    const token = await newToken(app);
    expect(decoded(token).header.alg).toBe(signingAlgorithm);
    expect(await app.verdict(token)).toBe('accepted');
    const jwks = await jwksOf(app);
    expect(Object.keys(jwks.keys[0]!).toSorted()).toEqual(['kty', 'kid', 'use', 'alg', ...members].toSorted());
    expect(jwks.keys[0]).toMatchObject({ kty, alg: signingAlgorithm, use: 'sig' });
    await jwtVerify(token, createLocalJWKSet(jwks), { issuer: brokerUrl, currentDate: new Date() });
    const isRsa = kty === 'RSA';
    expect(operator.containing('py-oidc-auth')).toHaveLength(isRsa ? 0 : 1);
  });

  it('can be changed: the new one is used when every verifier can know its key', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const before = await start({ auth: { brokerStoreObj } });
    const oldToken = await newToken(before);
    const app = await start({ auth: { brokerStoreObj, signingAlgorithm: 'ES256' } });
    expect(app.eventsOf('key_rotated')).toMatchObject([{ generation: 2, reason: 'algorithm' }]);
    expect(decoded(await newToken(app)).header.alg).toBe('RS256');
    expect((await jwksOf(app)).keys.map(({ alg }) => alg)).toEqual(['RS256', 'ES256']);
    // A restart in between makes no further key.
    expect(await kidsOf(await start({ auth: { brokerStoreObj, signingAlgorithm: 'ES256' } }))).toHaveLength(2);
    pass(3_901);
    const newer = await newToken(app);
    expect(decoded(newer).header.alg).toBe('ES256');
    expect(await app.verdict(newer)).toBe('accepted');
    expect(await app.verdict(oldToken)).toBe('accepted');
  });

  it('makes no key after key where deploys that disagree on it start by turns', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    for (const signingAlgorithm of ['RS256', 'ES256', 'RS256', 'ES256'] as const) {
      await start({ auth: { brokerStoreObj, signingAlgorithm } });
    }
    expect(await brokerStoreObj.list('key', {}, { limit: 10 })).toHaveLength(2);
  });
});
