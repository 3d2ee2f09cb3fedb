const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

/**
 * Lets concurrent callers share one run of some work against another server, and gives that server a rest after a
 * failure: until the rest is over (0.5 s, doubling up to 15 s) callers get the last error at once.
 */
export class SingleFlight<T> {
  private current: Promise<T> | undefined;
  private failure: { readonly error: unknown; readonly until: number; readonly delay: number } | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get busy(): boolean {
    return this.current !== undefined;
  }

  async run(work: () => Promise<T>): Promise<T> {
    if (this.current !== undefined) return this.current;
    if (this.failure !== undefined && this.now() < this.failure.until) throw this.failure.error;
    this.current = this.attempt(work).finally(() => {
      this.current = undefined;
    });
    return this.current;
  }

  private async attempt(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.failure = undefined;
      return result;
    } catch (error) {
      const delay = Math.min((this.failure?.delay ?? FIRST_DELAY / 2) * 2, LONGEST_DELAY);
      this.failure = { error, delay, until: this.now() + delay };
      throw error;
    }
  }
}
