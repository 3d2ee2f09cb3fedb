/**
 * Installs what package-lock.json names, when it is not there yet: run before `npm start` and `npm test`, so that each
 * works as the first command after a clone. Needs nothing but Node and npm.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(root + path, 'utf8');
const json = (path) => JSON.parse(read(path));

const STAMP = 'node_modules/.install-stamp';
const INSTALLED = 'node_modules/.package-lock.json';

requireNode(json('package.json').engines.node);

const lock = createHash('sha256').update(read('package-lock.json')).digest('hex');
const stamped = existsSync(root + STAMP) && read(STAMP) === lock;
if (!stamped) {
  if (!isInstalled()) install();
  writeFileSync(root + STAMP, lock);
}

/** Understands what `engines` uses: `^20.19.0` and `>=24`, joined by `||`. */
function requireNode(range) {
  const [major, minor, patch] = process.versions.node.split('.').map(Number);
  const fits = range.split('||').some((part) => {
    const [, operator, ...wanted] = /^(\^|>=)(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(part.trim());
    const [wantedMajor, wantedMinor = 0, wantedPatch = 0] = wanted.map((number) => Number(number ?? 0));
    if (major !== wantedMajor) return operator === '>=' && major > wantedMajor;
    return minor !== wantedMinor ? minor > wantedMinor : patch >= wantedPatch;
  });
  if (fits) return;
  console.error(
    `This project needs Node ${range}, and this is Node ${process.versions.node}. Install a newer one (https://nodejs.org) and try again.`,
  );
  process.exit(1);
}

/** Somebody may have run `npm ci` by hand: then npm's own record of what is there tells what the lock file tells. */
function isInstalled() {
  if (!existsSync(root + INSTALLED)) return false;
  const wanted = json('package-lock.json').packages;
  const there = json(INSTALLED).packages;
  const same = (path) =>
    there[path]?.version === wanted[path].version && there[path]?.integrity === wanted[path].integrity;
  return (
    Object.keys(there).every((path) => path in wanted) &&
    Object.keys(wanted).every((path) => path === '' || same(path) || (wanted[path].optional && !(path in there)))
  );
}

function install() {
  console.log('Installing dependencies (npm ci): once, and again whenever package-lock.json changes …');
  const npm = process.env.npm_execpath;
  const flags = ['ci', '--include=dev', '--loglevel=error'];
  const byNpm = npm && /npm-cli\.c?js$/.test(npm);
  const { status, error } = byNpm
    ? spawnSync(process.execPath, [npm, ...flags], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', flags, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status === 0) return;
  console.error(
    `\nnpm ci did not succeed${error ? ` (${error.message})` : ''}: its words are above. Nothing was started.`,
  );
  process.exit(1);
}
