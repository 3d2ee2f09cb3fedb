import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A finding about the package, with what to do about it in its message; any other error is a fault of the check. */
export class CheckFailure extends Error {}

const inherited = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };

/** Runs a command to its end and returns what it printed. A command that outlives `timeout` (ms) is killed and fails. */
export function run(command, args, { cwd = root, timeout = 180_000, environment = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      timeout,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const end = signal ? `did not end by itself within ${timeout / 1000} s` : `ended with code ${code}`;
      reject(new CheckFailure(`\`${command} ${args.join(' ')}\` ${end}\n${output}`));
    });
  });
}
