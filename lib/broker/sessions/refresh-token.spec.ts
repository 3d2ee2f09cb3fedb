import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isGenuine, parseRefreshToken, refreshTokenOf } from './refresh-token.js';

const seed = randomBytes(32).toString('base64url');
const sid = randomBytes(16).toString('base64url');

describe('a refresh token', () => {
  it('is format, session, generation and MAC, in base64url', () => {
    const bytes = Buffer.from(refreshTokenOf(seed, sid, 258), 'base64url');
    const mac = createHmac('sha256', Buffer.from(seed, 'base64url'))
      .update('rt')
      .update(Buffer.from(sid, 'base64url'))
      .update(Buffer.from([0, 0, 1, 2]))
      .digest();
    expect(bytes).toEqual(Buffer.concat([Buffer.of(1), Buffer.from(sid, 'base64url'), Buffer.from([0, 0, 1, 2]), mac]));
  });

  it('has no dot, so that nobody takes it for a JWT, and one length', () => {
    for (const generation of [0, 1, 4_294_967_295]) {
      expect(refreshTokenOf(seed, sid, generation)).toMatch(/^[A-Za-z0-9_-]{71}$/);
    }
  });

  it.each([0, 1, 65_536, 4_294_967_295])('is read again: generation %d', (generation) => {
    const token = parseRefreshToken(refreshTokenOf(seed, sid, generation))!;
    expect(token).toMatchObject({ sid, generation });
    expect(isGenuine(token, seed)).toBe(true);
  });

  it('is the same whenever it is computed, and another for each seed, session and generation', () => {
    const tokens = [
      refreshTokenOf(seed, sid, 1),
      refreshTokenOf(seed, sid, 2),
      refreshTokenOf(seed, randomBytes(16).toString('base64url'), 1),
      refreshTokenOf(randomBytes(32).toString('base64url'), sid, 1),
    ];
    expect(refreshTokenOf(seed, sid, 1)).toBe(tokens[0]);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('is genuine for one seed, and with no bit changed', () => {
    const bytes = Buffer.from(refreshTokenOf(seed, sid, 1), 'base64url');
    expect(isGenuine(parseRefreshToken(bytes.toString('base64url'))!, randomBytes(32).toString('base64url'))).toBe(
      false,
    );
    for (let place = 1; place < bytes.length; place++) {
      const changed = Buffer.from(bytes);
      changed[place]! ^= 1;
      const token = parseRefreshToken(changed.toString('base64url'))!;
      expect(isGenuine(token, seed), `changed at ${place}`).toBe(false);
    }
  });

  it.each([
    ['nothing', ''],
    ['a word', 'nonsense'],
    ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'],
    ['one of another format', `AgAA${'A'.repeat(67)}`],
    ['one that is too short', refreshTokenOf(seed, sid, 0).slice(0, -1)],
    ['one that is too long', `${refreshTokenOf(seed, sid, 0)}A`],
    ['one with padding', `${refreshTokenOf(seed, sid, 0).slice(0, -1)}=`],
    ['one in base64', `${'+/'.repeat(35)}A`],
    ['one with a space', `${refreshTokenOf(seed, sid, 0).slice(0, -1)} `],
  ])('is not read from %s', (_, value) => expect(parseRefreshToken(value)).toBeUndefined());

  it('has one spelling only: what decodes to the same bytes is another token', () => {
    const token = refreshTokenOf(seed, sid, 0);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const respelled = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) ^ 1];
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(token, 'base64url'));
    expect(parseRefreshToken(respelled)).toBeUndefined();
  });
});
