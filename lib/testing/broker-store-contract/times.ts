/** How many writes are under way at once where a test needs many records: fewer than a busy server refuses. */
const AT_ONCE = 50;

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** The same of what takes time, some at once. */
export async function manyTimes(count: number, make: (index: number) => Promise<unknown>): Promise<void> {
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    await Promise.all(times(Math.min(AT_ONCE, count - begun), (index) => make(begun + index)));
  }
}
