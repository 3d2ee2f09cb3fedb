import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { brokersInStoppedTime, newToken } from '../fixtures/broker-keys.js';
import { forgedToken, type RunningBroker } from '../fixtures/broker.js';
import { pass } from '../fixtures/simulated-time.js';

const UNKNOWN = '401 The token is signed by a key that its issuer does not publish.';
const { start } = brokersInStoppedTime();

let brokerStoreObj: MemoryBrokerStore;
let app: RunningBroker;
/** How often the keys have been read from the store. */
let reads: () => number;
beforeEach(async () => {
  brokerStoreObj = new MemoryBrokerStore();
  app = await start({ auth: { brokerStoreObj } });
  const list = vi.spyOn(brokerStoreObj, 'list');
  reads = () => list.mock.calls.filter(([kind]) => kind === 'key').length;
});

/** Tokens that name keys which do not exist, each another one. */
const flood = (name: string, claims = {}) =>
  Promise.all(Array.from({ length: 200 }, (_, n) => forgedToken(app, claims, { kid: `${name}-${n}` })));

const verdicts = async (tokens: readonly string[]) =>
  new Set(await Promise.all(tokens.map((token) => app.verdict(token))));

describe('tokens in our name with keys nobody knows', () => {
  it('cause one look at the keys in 10 s, however many they are', async () => {
    expect(await verdicts(await flood('one'))).toEqual(new Set([UNKNOWN]));
    expect(reads()).toBe(1);
    expect(await verdicts(await flood('other'))).toEqual(new Set([UNKNOWN]));
    pass(9);
    expect(await verdicts(await flood('third'))).toEqual(new Set([UNKNOWN]));
    expect(reads()).toBe(1);
    pass(1);
    await verdicts(await flood('fourth'));
    expect(reads()).toBe(2);
  });

  it('cause one look also where they come one after another', async () => {
    for (const token of await flood('one')) expect(await app.verdict(token)).toBe(UNKNOWN);
    expect(reads()).toBe(1);
  });

  it('cause none in the name of somebody else', async () => {
    const tokens = await flood('one', { iss: 'https://somebody-else.example.org' });
    for (const verdict of await verdicts(tokens)) expect(verdict).toMatch(/^401 /);
    expect(reads()).toBe(0);
  });

  it('keep nobody out whose key is known', async () => {
    const [known, ...made] = [await newToken(app), ...(await flood('one'))];
    const flooding = verdicts(made);
    expect(await app.verdict(known)).toBe('accepted');
    await flooding;
    expect(await app.verdict(await newToken(app))).toBe('accepted');
  });
});

describe('what another instance signs after an emergency rotation', () => {
  let other: RunningBroker;
  beforeEach(async () => {
    other = await start({ auth: { brokerStoreObj } });
  });

  it('is accepted at once, and what the old key signed is refused from then on', async () => {
    const stolen = await newToken(app);
    expect(await app.verdict(stolen)).toBe('accepted');
    await other.broker.rotateSigningKey({ revoke: true });
    expect(await app.verdict(await newToken(other))).toBe('accepted');
    expect(await app.verdict(stolen)).toBe(UNKNOWN);
  });

  it('is accepted 10 s later at the latest, whatever made-up keys are tried meanwhile', async () => {
    await verdicts(await flood('one'));
    await other.broker.rotateSigningKey({ revoke: true });
    const token = await newToken(other);
    await verdicts([...(await flood('other')), token]);
    pass(10);
    await verdicts(await flood('third'));
    expect(await app.verdict(token)).toBe('accepted');
  });
});
