import type { ColdBurst } from '../measure/cold-burst.js';
import type { Flood } from '../measure/flood.js';
import type { Comparison } from '../measure/compare.js';
import { alone, details, disturbance, ratios } from './comparison.js';
import { table } from './figures.js';
import { flood } from './flood.js';
import type { Minting } from '../measure/minting.js';
import { memory, type MemoryRun } from './memory.js';
import { minting } from './minting.js';

export interface Results {
  readonly conditions: string;
  readonly comparisons: readonly Comparison[];
  readonly bursts: readonly ColdBurst[];
  readonly floods: readonly Flood[];
  readonly memory: readonly MemoryRun[];
  readonly mints: readonly Minting[];
}

/** Markdown, to be pasted into the README. */
export function report({ conditions, comparisons, bursts, floods, memory: runs, mints }: Results): string {
  return [
    '### Speed of a guarded route against the same route bare',
    conditions,
    ratios(comparisons),
    ...disturbance(comparisons),
    '#### In detail',
    details(comparisons),
    '#### One connection alone',
    alone(comparisons),
    '#### Key set fetches in a cold burst on all connections',
    table(
      ['adapter, variant', 'fetches'],
      bursts.map(({ adapter, variant, jwksFetches }) => [`${adapter}, ${variant.title}`, String(jwksFetches)]),
    ),
    '#### Users beside a flood of tokens with unknown key ids',
    flood(floods),
    '#### Memory after garbage collection',
    memory(runs),
    '#### Minting an access token, against its bare RS256 signature',
    minting(mints),
  ].join('\n\n');
}
