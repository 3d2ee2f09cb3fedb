import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeyRing } from './key-ring.js';

const key = () => randomBytes(32).toString('base64');

describe('KeyRing', () => {
  const ring = KeyRing.from([key()]);

  it('opens what it sealed, under the same context', () => {
    const sealed = ring.seal('login-state', 'client-a', 'a secret');
    expect(ring.open('login-state', 'client-a', sealed)).toBe('a secret');
    expect(ring.open('login-state', 'client-b', sealed)).toBeUndefined();
  });

  it('never makes the same ciphertext twice', () => {
    const sealed = Array.from({ length: 100 }, () => ring.seal('login-state', '', 'the same'));
    expect(new Set(sealed).size).toBe(100);
  });

  it('opens nothing that was changed, at whatever place', () => {
    const sealed = ring.seal('login-state', '', 'a secret');
    for (let place = 0; place < sealed.length; place++) {
      const other = sealed[place] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, place) + other + sealed.slice(place + 1);
      expect(ring.open('login-state', '', changed), `changed at ${place}`).toBeUndefined();
    }
  });

  it('opens nothing that was cut short, lengthened, or never sealed', () => {
    const sealed = ring.seal('login-state', '', 'a secret');
    for (let length = 0; length < sealed.length; length++) {
      expect(ring.open('login-state', '', sealed.slice(0, length))).toBeUndefined();
    }
    for (const value of [`${sealed}A`, `${sealed}=`, ` ${sealed}`, `${sealed}|x`, 'é', '\u0000', 'A'.repeat(5_000)]) {
      expect(ring.open('login-state', '', value)).toBeUndefined();
    }
  });

  it('opens what an older key sealed, and seals under the first', () => {
    const [older, newer] = [key(), key()];
    const sealed = KeyRing.from([older]).seal('login-state', '', 'a secret');
    expect(KeyRing.from([newer, older]).open('login-state', '', sealed)).toBe('a secret');
    expect(KeyRing.from([newer]).open('login-state', '', sealed)).toBeUndefined();

    const resealed = KeyRing.from([newer, older]).seal('login-state', '', 'a secret');
    expect(KeyRing.from([newer]).open('login-state', '', resealed)).toBe('a secret');
  });

  it('derives the same key from the same client secret in every process, and another from another', () => {
    const sealed = KeyRing.from([{ fromClientSecret: 'one' }]).seal('login-state', '', 'a secret');
    expect(KeyRing.from([{ fromClientSecret: 'one' }]).open('login-state', '', sealed)).toBe('a secret');
    expect(KeyRing.from([{ fromClientSecret: 'two' }]).open('login-state', '', sealed)).toBeUndefined();
  });

  it('without a key makes a random one, which no other process has', () => {
    const sealed = KeyRing.from([]).seal('login-state', '', 'a secret');
    expect(KeyRing.from([]).open('login-state', '', sealed)).toBeUndefined();
  });

  it('takes keys in base64 and base64url alike', () => {
    const bytes = randomBytes(32);
    const sealed = KeyRing.from([bytes.toString('base64')]).seal('login-state', '', 'a secret');
    expect(KeyRing.from([bytes.toString('base64url')]).open('login-state', '', sealed)).toBe('a secret');
  });

  it('knows what another key than its first has sealed', () => {
    const [older, newer] = [key(), key()];
    const sealed = KeyRing.from([older]).seal('record', 'grant 1', 'a session');
    expect(KeyRing.from([older, newer]).isSealedByFirst(sealed)).toBe(true);
    expect(KeyRing.from([newer, older]).isSealedByFirst(sealed)).toBe(false);
    expect(KeyRing.from([newer]).isSealedByFirst(sealed)).toBe(false);
    for (const nonsense of ['', 'A', 'nonsense', '{"kty":"RSA"}']) {
      expect(KeyRing.from([newer]).isSealedByFirst(nonsense)).toBe(false);
    }
  });

  it('opens nothing for another purpose, whatever the context', () => {
    const sealed = ring.seal('record', 'the same', 'a secret');
    expect(ring.open('record', 'the same', sealed)).toBe('a secret');
    expect(ring.open('login-state', 'the same', sealed)).toBeUndefined();
  });

  it('authenticates a value under each key, and differently for each label', () => {
    const [first, second] = [key(), key()];
    const both = KeyRing.from([first, second]).authenticate('nonce', 'value');
    expect(both).toEqual([
      ...KeyRing.from([first]).authenticate('nonce', 'value'),
      ...KeyRing.from([second]).authenticate('nonce', 'value'),
    ]);
    expect(KeyRing.from([first]).authenticate('other', 'value')).not.toEqual([both[0]]);
  });
});
