import { setTimeout as wait } from 'node:timers/promises';
import { drive } from '../load/drive.js';
import { once } from '../load/requests.js';
import type { Idp } from '../idp.js';
import type { Adapter } from '../server/adapters.js';
import { Server } from '../server/spawn.js';
import type { Issuer, VariantEntry } from '../variants/index.js';
import { connections } from './plan.js';

/** What a server does at its first requests. */
export interface Start {
  readonly adapter: Adapter;
  readonly variant: VariantEntry;
  /** Of a server that was just started and gets its first requests on all connections at once. */
  readonly burstFetches: number;
  /** Of the first request, ms and key set fetches, to a server that has had time for what it does by itself. */
  readonly firstMs: number;
  readonly firstFetches: number;
}

/** ms; several times what metadata and key set take. */
const SETTLING = 500;

export async function start(
  adapter: Adapter,
  variant: VariantEntry,
  requests: readonly Buffer[],
  idp: Idp,
  issuer: Issuer,
): Promise<Start> {
  const [burstFetches] = await fetchesOf(idp, async () => {
    const server = await Server.start(adapter, variant.name, issuer);
    await drive(server.port, { connections, milliseconds: Infinity, requests: connections, source: once(requests) });
    await server.stop();
  });
  const server = await Server.start(adapter, variant.name, issuer);
  await wait(SETTLING);
  const [firstFetches, { latencies }] = await fetchesOf(idp, () =>
    drive(server.port, { connections: 1, milliseconds: Infinity, requests: 1, source: once(requests) }),
  );
  await server.stop();
  return { adapter, variant, burstFetches, firstMs: latencies[0]!, firstFetches };
}

async function fetchesOf<T>(idp: Idp, work: () => Promise<T>): Promise<[number, T]> {
  const before = idp.jwksFetches;
  const result = await work();
  return [idp.jwksFetches - before, result];
}
