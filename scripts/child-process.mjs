import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command to its end; what it printed is told only if it fails, with `help` for the person who reads it. */
export async function run(command, args, { cwd, help }) {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = lastLines(child, 40);
  const kill = () => signalGroup(child, 'SIGKILL');
  process.once('exit', kill);
  const [code] = await once(child, 'close').catch((cause) => {
    throw new Error(`${command} cannot be run (${cause.code}).\n${help}`, { cause });
  });
  process.off('exit', kill);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output()}\n${help}`);
}

/** Keeps the last lines that a child process prints. */
export function lastLines(child, count) {
  let text = '';
  const keep = (chunk) => (text = (text + chunk).split('\n').slice(-count).join('\n'));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return () => text.trim();
}

/** Signals a detached child and all that it started: scripts like kc.sh and mvn run Java as a child of theirs. */
export function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
