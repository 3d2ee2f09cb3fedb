/** Waits for all of them, and only then fails as the first that failed: nothing goes on while the next test runs. */
export async function allSettled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
