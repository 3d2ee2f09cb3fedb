import { describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { brokersInStoppedTime, kidOfNewToken, kidsOf, maintain, newToken } from '../fixtures/broker-keys.js';
import { decoded } from '../fixtures/broker.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { pass } from '../fixtures/simulated-time.js';

const HOUR = 3_600;
const DAY = 86_400;
const { start } = brokersInStoppedTime();

describe('an emergency rotation of the signing key', () => {
  it('refuses at once what the old key signed, and signs with the new one', async () => {
    const app = await start();
    const stolen = await newToken(app);
    expect(await app.verdict(stolen)).toBe('accepted');
    const { kid, activeFrom } = await app.broker.rotateSigningKey({ revoke: true });
    expect(activeFrom.getTime()).toBe(Date.now());
    expect(await app.verdict(stolen)).toBe('401 The token is signed by a key that its issuer does not publish.');
    expect(await kidsOf(app)).toEqual([kid]);
    const token = await newToken(app);
    expect(decoded(token).header.kid).toBe(kid);
    expect(await app.verdict(token)).toBe('accepted');
    expect(app.eventsOf('key_rotated').at(-1)).toMatchObject({ kid, reason: 'revoked' });
  });

  it('is followed by other instances within half a minute, at their next request', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const [one, other] = [await start({ auth: { brokerStoreObj } }), await start({ auth: { brokerStoreObj } })];
    const stolen = await newToken(one);
    expect(await other.verdict(stolen)).toBe('accepted');
    const { kid } = await one.broker.rotateSigningKey({ revoke: true });
    pass(31);
    await expect.poll(() => other.verdict(stolen)).toContain('401');
    await expect.poll(() => kidOfNewToken(other)).toBe(kid);
    expect(await kidsOf(other)).toEqual([kid]);
  });

  it('is known to an instance that has served nothing for a while, before it serves again', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const [one, other] = [await start({ auth: { brokerStoreObj } }), await start({ auth: { brokerStoreObj } })];
    const [stolen, unseen] = [await newToken(one), await newToken(one)];
    expect(await other.verdict(stolen)).toBe('accepted');
    await one.broker.rotateSigningKey({ revoke: true });
    pass(HOUR);
    await maintain(other);
    expect(await other.verdict(unseen)).toContain('401');
    expect(await other.verdict(stolen)).toContain('401');
  });

  it('is for good: the old key does not come back, not even when the one that followed is forgotten itself', async () => {
    const brokerStoreObj = new MemoryBrokerStore();
    const app = await start({ auth: { brokerStoreObj } });
    const [first] = await kidsOf(app);
    const stolen = (await brokerStoreObj.find('key', '1'))!;
    await app.broker.rotateSigningKey({ revoke: true });
    await app.broker.rotateSigningKey();
    pass(2 * DAY);
    await maintain(app);
    expect(await kidsOf(app)).toHaveLength(1);

    await brokerStoreObj.insert('key', '1', stolen);
    const restarted = await start({ auth: { brokerStoreObj } });
    pass(31);
    for (const at of [app, restarted]) {
      expect(await kidsOf(at)).not.toContain(first);
      await maintain(at);
      expect(await kidsOf(at)).not.toContain(first);
    }
  });

  it('takes the next key along that had been published already', async () => {
    const app = await start();
    await app.broker.rotateSigningKey();
    const { kid } = await app.broker.rotateSigningKey({ revoke: true });
    pass(3_901);
    expect(await kidsOf(app)).toEqual([kid]);
    expect(await kidOfNewToken(app)).toBe(kid);
  });

  it('ends no session', async () => {
    const app = await start();
    const { refresh_token } = await signIn(app);
    await app.broker.rotateSigningKey({ revoke: true });
    expect((await app.refresh(refresh_token!)).status).toBe(200);
  });

  it('is not undone by an instance that makes the next key for its age', async () => {
    const auth = { brokerStoreObj: new MemoryBrokerStore(), signingKeyMaxAge: 2 * DAY };
    const [one, other] = [await start({ auth }), await start({ auth })];
    const [first] = await kidsOf(other);
    pass(2 * DAY + 1);
    await Promise.all([one.broker.rotateSigningKey({ revoke: true }), maintain(other)]);
    pass(31);
    for (const app of [one, other]) {
      await maintain(app);
      expect(await kidsOf(app)).not.toContain(first);
    }
  });
});
