import type { Plan } from './plan.js';
import type { Refresh } from './sessions.js';

export interface Results {
  readonly plan: Plan;
  readonly refreshes: readonly Refresh[];
  readonly seconds: number;
  /** As the provider has counted. */
  readonly upstreamRefreshes: number;
  /** As the applications have told by events. */
  readonly rotations: number;
  /** Why, for each session that was lost. */
  readonly losses: readonly string[];
}

/** What must not be. */
export function problems({ plan, upstreamRefreshes, rotations, losses }: Results): string[] {
  const generations = plan.sessions * plan.rounds;
  return [
    ...new Set(losses),
    ...(upstreamRefreshes === generations ? [] : [`The provider was asked ${upstreamRefreshes} times.`]),
    ...(rotations === generations ? [] : [`There were ${rotations} rotations.`]),
  ];
}

export function report({ plan, refreshes, seconds, upstreamRefreshes, losses }: Results): string {
  const single = refreshes.filter(({ isDouble }) => !isDouble);
  const double = refreshes.filter(({ isDouble }) => isDouble);
  const generations = plan.sessions * plan.rounds;
  const rows: [string, string][] = [
    ['processes', whole(plan.processes)],
    ['sessions', whole(plan.sessions)],
    ['refresh requests', `${whole(refreshes.length)}, ${plan.concurrency} at once`],
    ['seconds', seconds.toFixed(1)],
    ['refreshes per second', whole(generations / seconds)],
    ['p50 / p99 ms', percentiles(single)],
    ['p50 / p99 ms, one token at two processes', percentiles(double)],
    ['refreshes at the provider', `${whole(upstreamRefreshes)} for ${whole(generations)} generations`],
    ['errors, sessions lost', whole(losses.length)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function percentiles(refreshes: readonly Refresh[]): string {
  const sorted = refreshes.map(({ took }) => took).toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(0);
  return `${at(0.5)} / ${at(0.99)}`;
}

function whole(figure: number): string {
  return figure.toLocaleString('en', { maximumFractionDigits: 0 });
}
