const SHORTEST_REST = 250;
const LONGEST_REST = 15_000;

/**
 * Lets concurrent callers share one run of some work against another server, and gives that server a rest after a
 * failure, as long as the failed attempt took (0.25 to 15 s). Until the rest is over callers get the last error at once:
 * a server that hangs does not make everybody wait, and one that refuses is soon asked again.
 */
export class SingleFlight<T> {
  private current: Promise<T> | undefined;
  private failure: { readonly error: unknown; readonly restsUntil: number } | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get busy(): boolean {
    return this.current !== undefined;
  }

  async run(work: () => Promise<T>): Promise<T> {
    if (this.current !== undefined) return this.current;
    if (this.failure !== undefined && this.now() < this.failure.restsUntil) throw this.failure.error;
    this.current = this.attempt(work).finally(() => {
      this.current = undefined;
    });
    return this.current;
  }

  private async attempt(work: () => Promise<T>): Promise<T> {
    const startedAt = this.now();
    try {
      const result = await work();
      this.failure = undefined;
      return result;
    } catch (error) {
      const failedAt = this.now();
      const rest = Math.min(Math.max(failedAt - startedAt, SHORTEST_REST), LONGEST_REST);
      this.failure = { error, restsUntil: failedAt + rest };
      throw error;
    }
  }
}
