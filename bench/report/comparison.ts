import type { Comparison, Sample } from '../measure/compare.js';
import { baseline } from '../variants/index.js';
import { fixed, integer, median, percent, table } from './figures.js';

/** The ratios to the bare route at one glance: a row for each variant, a column for each adapter and pattern. */
export function ratios(comparisons: readonly Comparison[]): string {
  const variants = [...new Set(comparisons.map(({ variant }) => variant))];
  const columns = comparisons.filter(({ variant }) => variant === baseline);
  return table(
    ['requests per second', ...columns.map(({ adapter, pattern }) => `${adapter}, ${pattern}`)],
    variants.map((variant) => [
      variant.title,
      ...columns.map((bare) => {
        const own = comparisons.find((it) => it.variant === variant && baselineOf(comparisons, it) === bare);
        if (!own) {
          return '';
        }
        const perSecond = integer(median(own.many.map((sample) => sample.perSecond)));
        return own === bare ? `${perSecond}/s` : `**${percent(ratio(own, bare, 'perSecond'))}** (${perSecond}/s)`;
      }),
    ]),
  );
}

/** Said where a server did not get its core: its throughput then tells of the machine, its CPU time still of the code. */
export function disturbance(comparisons: readonly Comparison[]): string[] {
  const least = Math.min(...comparisons.map(({ many }) => medians(many).busy));
  return least >= 0.85
    ? []
    : [
        `A server had its core only ${percent(least)} of the time, because other programs ran or the load was too small: ` +
          'trust the CPU time for each request rather than the throughput, or measure again on a quiet machine.',
      ];
}

/** All that was measured under many connections. */
export function details(comparisons: readonly Comparison[]): string {
  return table(
    [
      'adapter, tokens, variant',
      'requests/s',
      'of bare',
      'p50 ms',
      'p99 ms',
      'CPU µs/request',
      'of these above bare',
      'busy',
    ],
    comparisons.map((own) => {
      const bare = baselineOf(comparisons, own);
      const { perSecond, p50, p99, cpu, busy } = medians(own.many);
      const more = own === bare ? '' : fixed(cpu - medians(bare.many).cpu, 1);
      return [
        label(own),
        integer(perSecond),
        fixed(ratio(own, bare, 'perSecond')),
        fixed(p50),
        fixed(p99),
        fixed(cpu, 1),
        more,
        percent(busy),
      ];
    }),
  );
}

/** What a single client waits: nothing may be gained for many at the cost of one. */
export function alone(comparisons: readonly Comparison[]): string {
  return table(
    ['adapter, tokens, variant', 'p50 µs', 'p99 µs', 'CPU µs/request'],
    comparisons.map((own) => {
      const { p50, p99, cpu } = medians(own.alone);
      return [label(own), integer(p50 * 1000), integer(p99 * 1000), integer(cpu)];
    }),
  );
}

function label({ adapter, pattern, variant }: Comparison): string {
  return `${adapter}, ${pattern}, ${variant.title}`;
}

function baselineOf(comparisons: readonly Comparison[], { adapter, pattern }: Comparison): Comparison {
  const bare = comparisons.find((it) => it.adapter === adapter && it.pattern === pattern && it.variant === baseline);
  if (!bare) {
    throw new Error(`The bare route was not measured on ${adapter} with ${pattern}`);
  }
  return bare;
}

function medians(samples: readonly Sample[]): Sample {
  const of = (figure: keyof Sample): number => median(samples.map((sample) => sample[figure]));
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99'), cpu: of('cpu'), busy: of('busy') };
}

/** Round by round, then the middle: the machine may be slower in one round than in another. */
function ratio(own: Comparison, bare: Comparison, figure: keyof Sample): number {
  return median(own.many.map((sample, round) => sample[figure] / (bare.many[round]?.[figure] ?? NaN)));
}
