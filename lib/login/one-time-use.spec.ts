import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InMemoryOneTimeUse } from './one-time-use.js';

describe('the memory of one-time values', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
  afterEach(() => vi.useRealTimers());

  it('lets the first caller have a value, and nobody after him', async () => {
    const memory = new InMemoryOneTimeUse();
    const claims = await Promise.all(Array.from({ length: 20 }, () => memory.claim('a')));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await memory.claim('b')).toBe(true);
  });

  it('gives it back where it was not used after all', async () => {
    const memory = new InMemoryOneTimeUse();
    await memory.claim('a');
    await memory.release('a');
    expect(await memory.claim('a')).toBe(true);
  });

  it('remembers it for longer than a login may take', async () => {
    const memory = new InMemoryOneTimeUse();
    await memory.claim('a');
    vi.advanceTimersByTime(601_000);
    expect(await memory.claim('a')).toBe(false);
  });

  it('is bounded', async () => {
    const memory = new InMemoryOneTimeUse();
    for (let index = 0; index <= 50_000; index++) await memory.claim(String(index));
    expect(await memory.claim('50000')).toBe(false);
    expect(await memory.claim('0')).toBe(true);
  });
});
