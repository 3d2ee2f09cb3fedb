import { describe, expect, it } from 'vitest';
import { judge, rotationsWith } from './generation.js';
import type { Session } from './session.js';

const NOW = 1_700_000_000_000;
const ago = (seconds: number) => NOW - seconds * 1_000;

/** A session in generation `n`; the last rotations so many seconds ago, the latest last. */
const session = (n: number, ...secondsAgo: number[]) => ({ n, rotations: secondsAgo.map(ago) }) as unknown as Session;

const verdict = (of: Session, generation: number, { gracePeriod = 60, arrivedAt = NOW } = {}) =>
  judge(of, generation, { now: NOW, arrivedAt, gracePeriod });

describe('a refresh token', () => {
  it.each([
    ['the first', session(0), 0],
    ['the latest', session(7, 90, 10), 7],
    // An acknowledged write was lost: nobody can have made this one but us.
    ['one later than the latest', session(7, 90, 10), 8],
  ])('is the current one: %s', (_, of, generation) => expect(verdict(of, generation)).toBe('current'));

  it('is replayed within the grace period of its rotation, and is reuse from then on', () => {
    expect(verdict(session(3, 60), 2)).toBe('replay');
    expect(verdict(session(3, 60.001), 2)).toBe('reuse');
    expect(verdict(session(3, 200), 2, { gracePeriod: 200 })).toBe('replay');
  });

  it('is a straggler where its successor was rotated in the same time', () => {
    expect(verdict(session(3, 50, 40, 1), 1)).toBe('straggler');
    expect(verdict(session(3, 50, 40, 1), 0)).toBe('straggler');
  });

  it('is reuse though its successor was rotated a moment ago', () => {
    expect(verdict(session(3, 100, 61, 1), 1)).toBe('reuse');
    expect(verdict(session(9, 1), 2)).toBe('reuse');
  });

  it('is reuse where nothing is known of its rotation any more', () => {
    expect(verdict(session(3), 2)).toBe('reuse');
  });

  it('was concurrent with a rotation that came after the request, without any grace period', () => {
    const of = session(3, 2);
    expect(verdict(of, 2, { gracePeriod: 0 })).toBe('reuse');
    expect(verdict(of, 2, { gracePeriod: 0, arrivedAt: ago(2) })).toBe('replay');
    expect(verdict(of, 2, { gracePeriod: 0, arrivedAt: ago(1.999) })).toBe('reuse');
    expect(verdict(of, 2, { gracePeriod: 60, arrivedAt: ago(5) })).toBe('replay');
  });
});

describe('the rotations that are remembered', () => {
  it('are those of the grace period, and the new one', () => {
    expect(rotationsWith(session(3, 700, 601, 600, 5), NOW, 600)).toEqual([ago(600), ago(5), NOW]);
  });

  it('reach as far back as a request may have been on its way, though there is no grace period', () => {
    expect(rotationsWith(session(3, 61, 60, 5), NOW, 0)).toEqual([ago(60), ago(5), NOW]);
  });
});
