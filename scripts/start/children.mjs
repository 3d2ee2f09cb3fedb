import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Loaded into each child: should this process be killed, its children follow instead of keeping the ports. */
const FOLLOW = "process.on('disconnect', () => process.exit()); process.channel?.unref();";
const PATIENCE_MS = 5000;

const children = new Set();
let stopping = false;

/** As Ctrl-C does. To be called before anything is started. */
export function stopAtSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0));
}

/** Starts a Node program; resolves to what it says as soon as it is ready. Its output appears under its name. */
export function start(name, program, env) {
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(FOLLOW)}`, program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.add(child);
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => console.error(`${name} │ ${line}`));
  }
  // 'close' comes after the last line of output, 'exit' may come before.
  child.once('close', (code, signal) => {
    children.delete(child);
    if (!stopping) stop(1, `The ${name} has ended unexpectedly (${signal ?? `code ${code}`}). What it said is above.`);
  });
  return new Promise((ready) => {
    child.once('message', ready);
  });
}

/** Ends the children, then this process; who does not end in time is killed. */
export function stop(code, reason) {
  if (stopping) return;
  stopping = true;
  if (reason) console.error(reason.trim());
  process.exitCode = code;
  if (children.size === 0) process.exit();
  for (const child of children) {
    child.once('close', () => children.size === 0 && process.exit());
    child.kill();
  }
  setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), PATIENCE_MS).unref();
}
