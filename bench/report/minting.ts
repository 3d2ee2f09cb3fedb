import type { Minting } from '../measure/minting.js';
import { integer, median, percent, table } from './figures.js';

/** Minted tokens against bare signatures, round by round, then the middle. */
export function minting(results: readonly Minting[]): string {
  return table(
    ['at once', 'tokens/s', 'bare signatures/s', 'of bare'],
    results.map(({ atOnce, mints, signatures }) => [
      String(atOnce),
      integer(median(mints)),
      integer(median(signatures)),
      percent(median(mints.map((mint, round) => mint / (signatures[round] ?? NaN)))),
    ]),
  );
}
