import { type JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { brokersInStoppedTime, jwksOf, kidOfNewToken, kidsOf, maintain, newToken } from '../fixtures/broker-keys.js';
import { decoded } from '../fixtures/broker.js';
import { pass } from '../fixtures/simulated-time.js';

const DAY = 86_400;
const { start } = brokersInStoppedTime();

describe('a rotation of the signing key', () => {
  it('publishes the new key at once, and uses it 65 minutes later', async () => {
    const app = await start();
    const first = await kidOfNewToken(app);
    const { kid, activeFrom } = await app.broker.rotateSigningKey();
    expect(activeFrom.getTime()).toBe(Date.now() + 3_900_000);
    expect(await kidsOf(app)).toEqual([first, kid]);
    pass(3_899);
    expect(await kidOfNewToken(app)).toBe(first);
    pass(1);
    expect(await kidOfNewToken(app)).toBe(kid);
    expect(app.eventsOf('key_rotated')).toMatchObject([
      { reason: 'first' },
      { kid, generation: 2, reason: 'requested' },
    ]);
  });

  it('keeps the old key published until its last token has expired, and not for ever', async () => {
    const app = await start();
    const [first] = await kidsOf(app);
    const { kid } = await app.broker.rotateSigningKey();
    pass(3_899);
    const last = await newToken(app);
    expect(decoded(last).header.kid).toBe(first);
    pass(DAY - 10);
    await maintain(app);
    expect(await app.verdict(last)).toBe('accepted');
    expect(await kidsOf(app)).toEqual([first, kid]);
    pass(3_930);
    await maintain(app);
    expect(await kidsOf(app)).toEqual([kid]);
  });

  it('follows from age, in one instance of many', async () => {
    const auth = { brokerStoreObj: new MemoryBrokerStore(), signingKeyMaxAge: 10 * DAY };
    const [one, other] = [await start({ auth }), await start({ auth })];
    pass(10 * DAY - 60);
    await Promise.all([maintain(one), maintain(other)]);
    expect(await kidsOf(one)).toHaveLength(1);
    pass(61);
    await Promise.all([maintain(one), maintain(other)]);
    await Promise.all([maintain(one), maintain(other)]);
    expect(await kidsOf(one)).toHaveLength(2);
    const rotations = [...one.eventsOf('key_rotated'), ...other.eventsOf('key_rotated')];
    expect(rotations.filter(({ reason }) => reason === 'age')).toMatchObject([{ generation: 2 }]);
  });

  it('is not kept from following by a row that does not open', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const app = await start({ auth: { brokerStoreObj, signingKeyMaxAge: DAY } });
    const expiresAt = Date.UTC(9999, 11, 31);
    await brokerStoreObj.insert('key', '2', { version: 1, payload: 'of-somebody-else', expiresAt });
    pass(DAY + 1);
    await maintain(app);
    expect(await kidsOf(app)).toHaveLength(2);
    expect(app.eventsOf('key_rotated').at(-1)).toMatchObject({ generation: 3, reason: 'age' });
  });

  it('is seen by the other instance before it is used', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const [one, other] = [await start({ auth: { brokerStoreObj } }), await start({ auth: { brokerStoreObj } })];
    const { kid } = await one.broker.rotateSigningKey();
    pass(31);
    expect(await kidsOf(other)).toContain(kid);
    pass(3_870);
    const token = await newToken(one);
    expect(decoded(token).header.kid).toBe(kid);
    expect(await other.verdict(token)).toBe('accepted');
  });

  it('by two instances at once makes two keys that both know', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const [one, other] = [await start({ auth: { brokerStoreObj } }), await start({ auth: { brokerStoreObj } })];
    const made = await Promise.all([one.broker.rotateSigningKey(), other.broker.rotateSigningKey()]);
    pass(31);
    for (const app of [one, other]) {
      expect(await kidsOf(app)).toEqual(expect.arrayContaining(made.map(({ kid }) => kid)));
      expect(await kidsOf(app)).toHaveLength(3);
    }
  });

  it('never meets a verifier that fetches the keys once an hour with one it does not know', async () => {
    const app = await start({ auth: { signingKeyMaxAge: DAY, signingAlgorithm: 'ES256' } });
    let jwks: JSONWebKeySet = { keys: [] };
    const signers = new Set<string>();
    for (let minute = 0; minute < 10 * 24 * 60; minute += 15) {
      if (minute % 60 === 0) jwks = await jwksOf(app);
      const token = await newToken(app);
      signers.add(decoded(token).header.kid!);
      expect(jwks.keys.map(({ kid }) => kid)).toContain(decoded(token).header.kid);
      pass(15 * 60);
      await maintain(app);
    }
    expect(signers.size).toBeGreaterThan(8);
  }, 60_000);
});
