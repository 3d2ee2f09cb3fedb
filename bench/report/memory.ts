import type { MemoryLook } from '../measure/memory.js';
import type { VariantEntry } from '../variants/index.js';
import { integer, megabytes, table } from './figures.js';

export interface MemoryRun {
  readonly variant: VariantEntry;
  readonly looks: readonly MemoryLook[];
}

export function memory(runs: readonly MemoryRun[]): string {
  const rows = runs.flatMap(({ variant, looks }) => [
    [
      `${variant.title}, heap MB`,
      ...looks.map(({ heapUsed }) => megabytes(heapUsed)),
      integer(bytesPerToken(looks, 'heapUsed')),
    ],
    [`${variant.title}, rss MB`, ...looks.map(({ rss }) => megabytes(rss)), integer(bytesPerToken(looks, 'rss'))],
  ]);
  const steps = runs[0]?.looks.map(({ tokens }) => integer(tokens)) ?? [];
  return table(['distinct tokens seen', ...steps, 'bytes per further token'], rows);
}

/** What each token after the first look has left behind: about 0 where memory is flat. */
export function bytesPerToken(looks: readonly MemoryLook[], figure: 'heapUsed' | 'rss'): number {
  const [first, last] = [looks[0]!, looks.at(-1)!];
  return (last[figure] - first[figure]) / (last.tokens - first.tokens);
}
