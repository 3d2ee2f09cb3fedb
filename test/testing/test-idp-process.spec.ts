import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What does not end by itself is ended, and that is seen by the signal. */
function run(script: string, { flags = [], given = [] }: { flags?: string[]; given?: string[] } = {}) {
  const register = ['--import', path('../fixtures/process/register.mjs')];
  return spawn(process.execPath, [...flags, ...register, path(script), ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 50_000,
  });
}

it('after close() of a test identity provider the process ends by itself, and requests under way are broken', async () => {
  const child = run('closing-test-idp.ts');
  const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(output).toBe('rejected rejected');
  expect(exit).toEqual([0, null]);
}, 60_000);

it('a test identity provider that nobody closes does not keep its process alive', async () => {
  const child = run('forgotten-test-idp.ts');
  const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(output).toMatch(/^http:.*\nnothing left to do$/);
  expect(exit).toEqual([0, null]);
}, 60_000);

it('a test identity provider with a port that was asked for stays, for other processes', async () => {
  const child = run('forgotten-test-idp.ts', { given: ['0'] });
  const exit = once(child, 'exit');
  const lines: string[] = [];
  const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
  await once(output, 'line');
  expect((await fetch(lines[0]!)).status).toBe(200);
  child.kill();
  expect(await exit).toEqual([null, 'SIGTERM']);
  expect(lines).toHaveLength(1);
}, 60_000);

it('what it hands out is of the realm of the tests, where a runner gives them one of their own', async () => {
  const child = run('realm-of-a-runner.ts', { flags: ['--experimental-vm-modules', '--no-warnings'] });
  const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(exit).toEqual([0, null]);
  expect(JSON.parse(output)).toEqual({ roles: true, address: true, edited: true, headers: true });
}, 60_000);
