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
      bytesPerToken(looks, 'heapUsed'),
    ],
    [`${variant.title}, rss MB`, ...looks.map(({ rss }) => megabytes(rss)), bytesPerToken(looks, 'rss')],
  ]);
  const steps = runs[0]?.looks.map(({ tokens }) => integer(tokens)) ?? [];
  return table(['distinct tokens seen', ...steps, 'bytes per further token'], rows);
}

/** What each token after the first look has left behind: about 0 where memory is flat. */
function bytesPerToken(looks: readonly MemoryLook[], figure: 'heapUsed' | 'rss'): string {
  const first = looks.at(0);
  const last = looks.at(-1);
  return first && last ? integer((last[figure] - first[figure]) / (last.tokens - first.tokens)) : '';
}
