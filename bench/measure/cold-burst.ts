import { drive } from '../load/drive.js';
import { once } from '../load/requests.js';
import type { Idp } from '../idp.js';
import type { Adapter } from '../server/adapters.js';
import { Server } from '../server/spawn.js';
import type { Issuer, VariantEntry } from '../variants/index.js';
import { connections } from './compare.js';

export interface ColdBurst {
  readonly adapter: Adapter;
  readonly variant: VariantEntry;
  readonly jwksFetches: number;
}

/** A server that was just started gets its first requests on all connections at once. */
export async function coldBurst(
  adapter: Adapter,
  variant: VariantEntry,
  requests: readonly Buffer[],
  idp: Idp,
  issuer: Issuer,
): Promise<ColdBurst> {
  const before = idp.jwksFetches;
  const server = await Server.start(adapter, variant.name, issuer);
  await drive(server.port, { connections, milliseconds: Infinity, requests: connections, source: once(requests) });
  await server.stop();
  return { adapter, variant, jwksFetches: idp.jwksFetches - before };
}
