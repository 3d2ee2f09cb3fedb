import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds, with a command from node_modules, if a source is newer than the result. Throws what the compiler said. */
export function build(what, { sources, result, command }) {
  if (existsSync(root + result) && Math.max(...sources.map(lastChange)) <= statSync(root + result).mtimeMs) return;
  console.log(`Building ${what} …`);
  const [program, ...args] = command;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}node_modules/${program}`, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}\nBuilding ${what} did not succeed.`);
}

/** A folder's own time tells of files that are gone. */
function lastChange(path) {
  const stats = statSync(root + path);
  const inside = stats.isDirectory() ? readdirSync(root + path, { recursive: true }) : [];
  return Math.max(stats.mtimeMs, ...inside.map((name) => statSync(`${root}${path}/${name}`).mtimeMs));
}
