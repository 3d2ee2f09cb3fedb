/** ms of checking in a row, before others get their turn. */
const TURN = 5;

interface Job {
  readonly work: () => boolean;
  readonly resolve: (result: boolean) => void;
}

/**
 * Checks the signatures of all requests that arrived in one turn of the event loop in a row. Code and tables of the
 * arithmetic stay in the caches of the processor then, which makes each several times faster than it is among other work.
 */
export class SignatureTurns {
  private waiting: Job[] = [];

  /** What `work` says, which must not throw, at the end of this turn. */
  run(work: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.waiting.length === 0) setImmediate(this.takeTurn);
      this.waiting.push({ work, resolve });
    });
  }

  private readonly takeTurn = (): void => {
    const jobs = this.waiting;
    const end = performance.now() + TURN;
    let done = 0;
    // Who waits for a result goes on when all are there.
    do {
      const { work, resolve } = jobs[done++]!;
      resolve(work());
    } while (done < jobs.length && performance.now() < end);
    this.waiting = jobs.slice(done);
    if (this.waiting.length > 0) setImmediate(this.takeTurn);
  };
}
