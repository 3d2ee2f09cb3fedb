import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

it('after close() of a test identity provider the process ends by itself, and requests under way are broken', async () => {
  const child = spawn(
    process.execPath,
    ['--import', script('../fixtures/process/register.mjs'), script('closing-test-idp.ts')],
    // What does not end by itself is ended, and that is seen by the signal.
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: 50_000 },
  );
  const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(output).toBe('rejected rejected');
  expect(exit).toEqual([0, null]);
}, 60_000);
