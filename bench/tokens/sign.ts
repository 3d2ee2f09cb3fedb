import { availableParallelism } from 'node:os';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SigningKey } from './keys.js';

/** Signs `count` distinct tokens on all cores, before anything is measured: a core signs some 3,700 RS256 tokens a second. */
export async function signTokens(key: SigningKey, issuer: string, count: number): Promise<string[]> {
  const workers = availableParallelism();
  const batches = Array.from({ length: workers }, async (_, index) => {
    const share = Math.floor(count / workers) + (index < count % workers ? 1 : 0);
    const { alg, kid, privateKey } = key;
    const worker = new Worker(new URL('signer.js', import.meta.url), {
      workerData: { key: { alg, kid, privateKey }, issuer, count: share },
    });
    const [tokens] = (await once(worker, 'message')) as [string[]];
    return tokens;
  });
  return (await Promise.all(batches)).flat();
}
