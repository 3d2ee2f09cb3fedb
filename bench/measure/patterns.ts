import { cycle, once, type RequestSource } from '../load/requests.js';
import { baseline, type VariantEntry } from '../variants/index.js';
import type { Plan } from './plan.js';

/** Which tokens the requests to one server carry, and how many may be spent on each kind of measurement. */
export interface Supply {
  readonly source: RequestSource;
  readonly many: number;
  readonly alone: number;
}

export interface Pattern {
  readonly title: string;
  supply(variant: VariantEntry): Supply;
}

function again(requests: readonly Buffer[]): Supply {
  return { source: cycle(requests), many: Infinity, alone: Infinity };
}

/** In the order they are measured: all on the same servers. */
export function patterns(requests: readonly Buffer[], plan: Plan): readonly Pattern[] {
  const eachOnce = (): Supply => ({
    source: once(requests),
    many: plan.neverSeen,
    alone: plan.neverSeenAlone,
  });
  return [
    // First, while the servers are fresh; the bare route remembers no token, and is so fast that it would run out of them.
    { title: 'never seen', supply: (variant) => (variant === baseline ? again(requests) : eachOnce()) },
    { title: '1,000 tokens', supply: () => again(requests.slice(0, 1000)) },
    { title: 'one token', supply: () => again(requests.slice(0, 1)) },
  ];
}
