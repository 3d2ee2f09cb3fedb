/**
 * A Redis for the demonstration: the `redis-server` of this machine, as a process of its own that says its URL when it is
 * ready. Its data goes with it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 1000;

const folder = mkdtempSync(join(tmpdir(), 'redis-'));
const port = process.env.PORT;
const server = spawn(
  'redis-server',
  ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'],
  // Detached, so that Ctrl-C in a terminal ends the instances first.
  { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
);
process.on('exit', () => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
server.once('exit', (code) => process.exit(code ?? 1));
server.once('error', (error) => {
  console.error(
    error.code === 'ENOENT'
      ? 'There is no redis-server here: install it (apt-get install redis-server, brew install redis), ' +
          'or set REDIS_URL to a Redis that is running.'
      : error.message,
  );
  process.exit(1);
});

createInterface({ input: server.stdout }).on('line', (line) => {
  if (line.includes('Ready to accept connections')) process.send?.(`redis://127.0.0.1:${port}`);
});

/** The instances are gone in a moment; until then they may have something to write. */
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => setTimeout(() => server.kill(), PATIENCE_MS));
