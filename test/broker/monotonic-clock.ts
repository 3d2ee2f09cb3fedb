import { AsyncLocalStorage } from 'node:async_hooks';
import { vi } from 'vitest';

const clocks = new AsyncLocalStorage<MonotonicClock>();
const inUse = new Set<MonotonicClock>();

/** A monotonic clock for one application of several in this process: it can move ahead, as if so much time had gone by. */
export class MonotonicClock {
  private ahead = 0;
  private stoppedAt: number | undefined;

  constructor() {
    if (inUse.size === 0) {
      const real = performance.now.bind(performance);
      vi.spyOn(performance, 'now').mockImplementation(() => clocks.getStore()?.after(real()) ?? real());
    }
    inUse.add(this);
  }

  /** Timers stay as they are. */
  leap(ms: number): void {
    this.ahead += ms;
  }

  /** From now on it moves by `leap` only. */
  stop(): void {
    this.stoppedAt ??= performance.now();
  }

  private after(real: number): number {
    return (this.stoppedAt ?? real) + this.ahead;
  }

  /** Whatever follows from a request goes by this clock. */
  readonly middleware = (_request: unknown, _response: unknown, next: () => void): void => clocks.run(this, next);

  release(): void {
    inUse.delete(this);
    if (inUse.size === 0) vi.mocked(performance.now).mockRestore();
  }
}
