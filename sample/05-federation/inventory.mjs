/** Runs the application in Python as the others are run: it tells when it is ready, and ends when it is told. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('python/inventory.py', import.meta.url));
const application = spawn(process.env.PYTHON, ['-B', program], {
  // All that it asks is on this machine, and no proxy's business.
  env: { ...process.env, NO_PROXY: 'localhost', no_proxy: 'localhost' },
  // Ctrl-C in a terminal is for this process alone. Its input ends with this process in any case, and it ends with that.
  detached: true,
  stdio: ['pipe', 'pipe', 'inherit'],
});
application.once('exit', (code) => process.exit(code ?? 1));
application.once('error', ({ message }) => {
  console.error(message);
  process.exit(1);
});
createInterface({ input: application.stdout }).once('line', (line) => process.send?.(line));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => application.stdin.end());
