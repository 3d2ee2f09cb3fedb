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

  it('gives the other side a rest after a failure, twice as long after each further one, up to 15 s', async () => {
    let now = 0;
    const work = vi.fn(async () => Promise.reject(new Error('down')));
    const flight = new SingleFlight(() => now);
    for (const rest of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      await expect(flight.run(work)).rejects.toThrow('down');
      const calls = work.mock.calls.length;
      now += rest - 1;
      await expect(flight.run(work)).rejects.toThrow('down');
      expect(work).toHaveBeenCalledTimes(calls);
      now += 1;
    }
  });

  it('starts over with a short rest once the work has succeeded', async () => {
    let now = 0;
    const flight = new SingleFlight(() => now);
    const fails = () => Promise.reject(new Error('down'));
    await expect(flight.run(fails)).rejects.toThrow();
    now += 500;
    await flight.run(async () => 'up');
    await expect(flight.run(fails)).rejects.toThrow();
    now += 500;
    await expect(flight.run(async () => 'up')).resolves.toBe('up');
  });
});
