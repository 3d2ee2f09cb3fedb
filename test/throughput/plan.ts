export interface Plan {
  readonly processes: number;
  readonly sessions: number;
  /** How many times each session is refreshed. */
  readonly rounds: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** In each round one of so many sessions is refreshed at two processes at once. */
  readonly doubleOneIn: number;
}

export const fullPlan: Plan = { processes: 4, sessions: 1_000, rounds: 5, concurrency: 32, doubleOneIn: 10 };
export const quickPlan: Plan = { ...fullPlan, sessions: 100, rounds: 3 };

/** At most so many at once; the results in the order of the items. */
export async function atMost<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async () => {
    for (const [index, item] of entries) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
