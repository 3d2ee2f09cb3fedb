import type { Flood, FloodRound } from '../measure/flood.js';
import { fixed, integer, median, megabytes, table } from './figures.js';

/** Medians of the rounds; of what must not grow, the worst. */
export function flood(floods: readonly Flood[]): string {
  return table(
    ['adapter, variant', 'flood', 'p99 ms of users, quiet', 'in the flood', 'ratio', 'key set fetches', 'heap MB more'],
    floods.map(({ adapter, variant, rounds }) => {
      const of = (figure: (round: FloodRound) => number): readonly number[] => rounds.map(figure);
      const [{ requests, seconds }] = rounds as [FloodRound, ...FloodRound[]];
      return [
        `${adapter}, ${variant.title}`,
        `${integer(requests)} in ${integer(seconds)} s`,
        fixed(median(of(({ quietP99 }) => quietP99))),
        fixed(median(of(({ floodedP99 }) => floodedP99))),
        fixed(median(of(({ quietP99, floodedP99 }) => floodedP99 / quietP99))),
        String(Math.max(...of(({ jwksFetches }) => jwksFetches))),
        megabytes(Math.max(...of(({ heapGrowth }) => heapGrowth))),
      ];
    }),
  );
}
