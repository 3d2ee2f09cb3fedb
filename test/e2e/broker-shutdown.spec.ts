import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { SqlBrokerDatabase } from '../fixtures/broker-database.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

const script = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

let op: TestOp;
let stores: SqlBrokerDatabase[];
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
  stores = await Promise.all([SqlBrokerDatabase.sqlite(), SqlBrokerDatabase.postgres()]);
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await op.close();
});

describe('after app.close() in broker mode', () => {
  it('the process ends by itself, whichever store it had', async () => {
    const urls = ['memory://', ...stores.map(({ url }) => url)];
    const child = spawn(
      process.execPath,
      ['--import', script('process/register.mjs'), script('process/closing-brokers.ts'), op.discoveryUrl, ...urls],
      // What does not end by itself is ended, and that is seen by the signal.
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 100_000, env: { ...process.env, NODE_ENV: 'test' } },
    );
    const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const expected = adapters.flatMap(({ name }) =>
      ['memory:', 'sqlite:', 'postgres:'].map((protocol) => `${name} ${protocol} accepted`),
    );
    expect(output.trim().split('\n')).toEqual(expected);
    expect(exit).toEqual([0, null]);
  }, 120_000);
});
