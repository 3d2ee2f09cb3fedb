/**
 * A MongoDB for the demonstration: runs the `mongod` at MONGOD on the files in MONGO_DATA, and says its URL when it is
 * ready. The files stay, for the next start.
 *
 * It is a standalone server. A replica set keeps the addresses of its members, and this one may get another port next time;
 * neither the broker nor this application needs one. Where data matters, have a replica set.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 3000;

const { MONGOD: program, MONGO_DATA: data, PORT: port } = process.env;
mkdirSync(data, { recursive: true, mode: 0o700 });
const server = spawn(
  program,
  [
    `--dbpath=${data}`,
    `--port=${port}`,
    '--bind_ip=127.0.0.1',
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
  ],
  // Detached, so that Ctrl-C in a terminal ends the application first.
  { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
);
process.on('exit', () => server.kill());
server.once('exit', (code) => process.exit(code ?? 1));

let connections = 0;
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);

createInterface({ input: server.stdout }).on('line', (line) => {
  const { severity, message, error = '', connectionCount } = entryOf(line);
  if (message === 'Waiting for connections') process.send?.(`mongodb://127.0.0.1:${port}/application`);
  if (severity === 'E' || severity === 'F') console.error(message, error);
  if (String(error).startsWith('DBPathInUse')) {
    console.error('Is this sample running already? Stop it, or set DATA_FOLDER to another folder.');
  }
  connections = connectionCount ?? connections;
  if (isStopping && connections === 0) server.kill();
});

/** The server's log is JSON, but for what it says of its arguments. */
function entryOf(line) {
  try {
    const { s: severity, msg: message, attr } = JSON.parse(line);
    return { severity, message, error: attr?.error, connectionCount: attr?.connectionCount };
  } catch {
    return { severity: 'E', message: line };
  }
}

/** Waits for clients to go, for a while. */
function stop() {
  isStopping = true;
  if (connections === 0) server.kill();
  setTimeout(() => server.kill(), PATIENCE_MS).unref();
}
