import type { Flood } from '../measure/flood.js';
import { fixed, integer, megabytes, table } from './figures.js';

export function flood(floods: readonly Flood[]): string {
  return table(
    ['adapter, variant', 'flood', 'p99 ms of users, quiet', 'in the flood', 'ratio', 'key set fetches', 'heap MB more'],
    floods.map(({ adapter, variant, requests, seconds, quietP99, floodedP99, jwksFetches, heapGrowth }) => [
      `${adapter}, ${variant.title}`,
      `${integer(requests)} in ${integer(seconds)} s`,
      fixed(quietP99),
      fixed(floodedP99),
      fixed(floodedP99 / quietP99),
      String(jwksFetches),
      megabytes(heapGrowth),
    ]),
  );
}
