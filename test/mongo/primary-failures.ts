import type { FreezableServer, ReplicaSet } from '../fixtures/databases/index.js';

/** What becomes of a primary. */
export interface Failure {
  readonly failure: string;
  /** Begins it, and does not wait until there is another primary. @returns how the replica set is made whole again */
  begin(primary: FreezableServer, set: ReplicaSet): Promise<() => Promise<void>>;
}

const stepDown: Failure = {
  failure: 'steps down',
  begin: async (_, set) => {
    await set.stepDown();
    return () => set.whole();
  },
};

const crash: Failure = {
  failure: 'crashes',
  begin: async (primary, set) => {
    await primary.kill();
    return async () => {
      // Not earlier: it could be elected again, and nobody would have taken over.
      await set.primary();
      await primary.start();
      await set.whole();
    };
  },
};

/** It comes back believing to be primary still. */
const hang: Failure = {
  failure: 'hangs for a while',
  begin: async (primary, set) => {
    primary.freeze();
    return async () => {
      await set.primary();
      primary.thaw();
      await set.whole();
    };
  },
};

export const failures: readonly Failure[] = [stepDown, crash, hang];
