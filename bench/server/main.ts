import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import type { Issuer, Variant } from '../variants/index.js';
import { adapters, type Adapter } from './adapters.js';

/** The server under test, a process of its own: started by `spawn.ts`, asked for its figures over IPC. */
const [adapter, variant, issuer] = process.argv.slice(2) as [Adapter, string, string];

const { module, configure } = (await import(`../variants/${variant}.js`)) as Variant;
const expected = JSON.parse(issuer) as Issuer;
const app = await NestFactory.create(await module(expected), await adapters[adapter](), {
  logger: ['error', 'warn'],
});
await configure?.(app, expected);
await app.listen(0, '127.0.0.1');

export interface Figures {
  readonly cpu: NodeJS.CpuUsage;
  readonly memory: NodeJS.MemoryUsage;
}

process.on('message', (question: 'cpu' | 'memory') => {
  if (question === 'memory') {
    // Twice: what the first run's finalizers let go is collected by the second.
    globalThis.gc?.();
    globalThis.gc?.();
  }
  process.send?.({ cpu: process.cpuUsage(), memory: process.memoryUsage() } satisfies Figures);
});
process.once('disconnect', () => process.exit());
process.send?.((app.getHttpServer().address() as AddressInfo).port);
