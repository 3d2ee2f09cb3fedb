import { drive } from '../load/drive.js';
import { bearerRequest, once } from '../load/requests.js';
import { Server } from '../server/spawn.js';
import type { SigningKey } from '../tokens/keys.js';
import { signTokens } from '../tokens/sign.js';
import type { Issuer, VariantEntry } from '../variants/index.js';
import { connections } from './plan.js';

export interface MemoryLook {
  readonly tokens: number;
  /** In bytes, after a full garbage collection. */
  readonly heapUsed: number;
  readonly rss: number;
}

const looks = 5;

/** Sends ever more distinct tokens to one server, and looks at its memory after each step. */
export async function memoryOverTokens(
  variant: VariantEntry,
  key: SigningKey,
  issuer: Issuer,
  step: number,
): Promise<MemoryLook[]> {
  const server = await Server.start('Fastify', variant.name, issuer);
  const seen: MemoryLook[] = [];
  for (let tokens = step; tokens <= looks * step; tokens += step) {
    const requests = (await signTokens(key, issuer.issuer, step)).map(bearerRequest);
    await drive(server.port, { connections, milliseconds: Infinity, requests: step, source: once(requests) });
    const { heapUsed, rss } = await server.memory();
    seen.push({ tokens, heapUsed, rss });
  }
  await server.stop();
  return seen;
}
