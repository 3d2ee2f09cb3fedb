import type { Flood } from '../measure/flood.js';
import type { Comparison } from '../measure/compare.js';
import { alone, details, disturbance, ratios } from './comparison.js';
import { fixed, table } from './figures.js';
import { flood } from './flood.js';
import type { Minting } from '../measure/minting.js';
import type { Start } from '../measure/start.js';
import { memory, type MemoryRun } from './memory.js';
import { minting } from './minting.js';

export interface Results {
  readonly conditions: string;
  readonly comparisons: readonly Comparison[];
  readonly starts: readonly Start[];
  readonly floods: readonly Flood[];
  readonly memory: readonly MemoryRun[];
  readonly mints: readonly Minting[];
}

/** Markdown, to be pasted into the README. */
export function report({ conditions, comparisons, starts, floods, memory: runs, mints }: Results): string {
  return [
    '### Speed of a guarded route against the same route bare',
    conditions,
    ratios(comparisons),
    ...disturbance(comparisons),
    '#### In detail',
    details(comparisons),
    '#### One connection alone',
    alone(comparisons),
    '#### First requests after a start',
    table(
      ['adapter, variant', 'first request, ms', 'key set fetches by it', 'by 64 at once, right at the start'],
      starts.map(({ adapter, variant, firstMs, firstFetches, burstFetches }) => [
        `${adapter}, ${variant.title}`,
        fixed(firstMs),
        String(firstFetches),
        String(burstFetches),
      ]),
    ),
    '#### Users beside a flood of tokens with unknown key ids',
    flood(floods),
    '#### Memory after garbage collection',
    memory(runs),
    '#### Minting an access token, against its bare RS256 signature',
    minting(mints),
  ].join('\n\n');
}
