import { drive, type Load } from '../load/drive.js';
import type { Adapter } from '../server/adapters.js';
import { Server } from '../server/spawn.js';
import type { Issuer, VariantEntry } from '../variants/index.js';
import { percentile } from './percentile.js';
import type { Pattern } from './patterns.js';
import { connections, lead, type Plan } from './plan.js';

/** One measurement of one server. */
export interface Sample {
  readonly perSecond: number;
  /** In ms. */
  readonly p50: number;
  readonly p99: number;
  /** CPU time of the server for one request, in µs. */
  readonly cpu: number;
  /** Share of one core that the server used: below 1, something else held it up. */
  readonly busy: number;
}

export interface Comparison {
  readonly adapter: Adapter;
  readonly pattern: string;
  readonly variant: VariantEntry;
  /** One for each round, at the same place as the baseline's sample of that round. */
  readonly many: readonly Sample[];
  readonly alone: readonly Sample[];
}

/**
 * Measures all variants on one adapter. Each has a server of its own; these take turns in each round, so that whatever
 * else the machine does hits all of them, and their ratio within a round stays true.
 */
export async function compare(
  adapter: Adapter,
  variants: readonly VariantEntry[],
  patterns: readonly Pattern[],
  issuer: Issuer,
  plan: Plan,
): Promise<Comparison[]> {
  const contenders = await Promise.all(
    variants.map(async (variant) => ({ variant, server: await Server.start(adapter, variant.name, issuer) })),
  );
  const comparisons: Comparison[] = [];
  for (const pattern of patterns) {
    for (const samples of await takeTurns(contenders, pattern, plan)) {
      comparisons.push({ adapter, pattern: pattern.title, ...samples });
    }
  }
  await Promise.all(contenders.map(({ server }) => server.stop()));
  return comparisons;
}

interface Contender {
  readonly variant: VariantEntry;
  readonly server: Server;
}

async function takeTurns(contenders: readonly Contender[], pattern: Pattern, plan: Plan) {
  const runs = contenders.map(({ variant, server }) => ({
    variant,
    server,
    supply: pattern.supply(variant),
    many: [] as Sample[],
    alone: [] as Sample[],
  }));
  for (const { server, supply } of runs) {
    const { source } = supply;
    await drive(server.port, { connections, milliseconds: Infinity, requests: plan.warmUp, source });
  }
  for (let round = 0; round < plan.rounds; round++) {
    const order = round % 2 === 0 ? runs : runs.toReversed();
    for (const { server, supply, many } of order) {
      const { source, many: requests } = supply;
      many.push(await sample(server, { connections, milliseconds: plan.milliseconds, requests, source }));
    }
    for (const { server, supply, alone } of order) {
      const { source, alone: requests } = supply;
      alone.push(await sample(server, { connections: 1, milliseconds: plan.aloneMilliseconds, requests, source }));
    }
  }
  return runs.map(({ variant, many, alone }) => ({ variant, many, alone }));
}

async function sample(server: Server, load: Load): Promise<Sample> {
  // The others have had the processor meanwhile, and its caches.
  await drive(server.port, { ...load, milliseconds: Infinity, requests: load.connections * lead });
  const before = await server.cpu();
  const { requests, milliseconds, latencies } = await drive(server.port, load);
  const cpu = (await server.cpu()) - before;
  return {
    perSecond: (requests / milliseconds) * 1000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpu: cpu / requests,
    busy: cpu / 1000 / milliseconds,
  };
}
