import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';

const script = (name: string) => fileURLToPath(new URL(`../fixtures/process/${name}`, import.meta.url));

let op: TestOp;
let hanging: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
  hanging = await startOp({ signingAlgorithm: 'ES256' });
  hanging.faults.set('jwks', fault.hang);
});
afterAll(async () => {
  await op.close();
  await hanging.close();
});

describe('after app.close()', () => {
  it('the process ends by itself: after requests, while the provider hangs, while it is down', async () => {
    const parameters = [op.discoveryUrl, hanging.discoveryUrl, await op.mint()];
    const child = spawn(
      process.execPath,
      ['--import', script('register.mjs'), script('closing-applications.ts'), ...parameters],
      // What does not end by itself is ended, and that is seen by the signal.
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 50_000 },
    );
    const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const lines = output.trim().split('\n');
    expect(lines).toHaveLength(6);
    for (const { name } of adapters) {
      expect(lines).toContain(`${name}: 200`);
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${name}: (503|none) while hanging$`)));
      expect(lines).toContain(`${name}: 503 while down`);
    }
    expect(exit).toEqual([0, null]);
  }, 60_000);
});
