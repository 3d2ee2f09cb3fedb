import { describe, expect, it, vi } from 'vitest';
import { SingleFlight } from './single-flight.js';

describe('SingleFlight', () => {
  it('runs the work once for all who ask at the same time', async () => {
    const work = vi.fn(async () => 'result');
    const flight = new SingleFlight<string>();
    expect(await Promise.all([flight.run(work), flight.run(work), flight.run(work)])).toEqual(Array(3).fill('result'));
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('runs it again for who asks later', async () => {
    const work = vi.fn(async () => 'result');
    const flight = new SingleFlight<string>();
    await flight.run(work);
    await flight.run(work);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it.each([
    [0, 250],
    [1_000, 1_000],
    [10_000, 10_000],
    [60_000, 15_000],
  ])('after a failure that took %i ms gives the other side a rest of %i ms', async (took, rest) => {
    let now = 0;
    const work = vi.fn(async () => {
      now += took;
      throw new Error('down');
    });
    const flight = new SingleFlight(() => now);
    await expect(flight.run(work)).rejects.toThrow('down');
    now += rest - 1;
    await expect(flight.run(work)).rejects.toThrow('down');
    expect(work).toHaveBeenCalledTimes(1);
    now += 1;
    await expect(flight.run(work)).rejects.toThrow('down');
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('forgets the failure once the work has succeeded', async () => {
    let now = 0;
    const flight = new SingleFlight(() => now);
    await expect(flight.run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    now += 250;
    await expect(flight.run(async () => 'up')).resolves.toBe('up');
    await expect(flight.run(async () => 'still up')).resolves.toBe('still up');
  });
});
