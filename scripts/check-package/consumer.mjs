import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckFailure, root, run } from './run.mjs';

const SOURCES = fileURLToPath(new URL('consumer', import.meta.url));

/**
 * An application in an empty folder, with the tarball and its peers: the versions this repository is tested with
 * ("newest"), or the lowest that the peer ranges promise ("oldest").
 */
export async function installConsumer(folder, tarball, unpacked, versions) {
  const manifest = await readJson(join(unpacked, 'package.json'));
  const optional = Object.keys(manifest.peerDependenciesMeta ?? {});
  const peers = Object.entries(manifest.peerDependencies).filter(([name]) => !optional.includes(name));
  const pick = versions === 'oldest' ? ([, range]) => lowest(range) : ([name]) => installedVersion(name);
  const pinned = await Promise.all(peers.map(async (peer) => [peer[0], await pick(peer)]));

  await mkdir(folder);
  await cp(SOURCES, folder, { recursive: true });
  for (const name of ['me.controller', 'typeorm', 'mongoose', 'testing']) {
    await cp(join(SOURCES, `${name}.mts`), join(folder, `${name}.cts`));
  }
  const dependencies = { [manifest.name]: `file:${tarball}`, ...Object.fromEntries(pinned) };
  const devDependencies = { '@types/node': await installedVersion('@types/node') };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies, devDependencies }));
  await run('npm', ['install', '--prefix', folder, '--include=dev', '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: folder,
  });
  await refuseOptionalPeers(folder, optional);
  return pinned.map(([name, version]) => `${name} ${version}`).join(', ');
}

/** What the application of a subpath has besides. */
export async function addPackages(folder, names) {
  return addPinned(folder, await Promise.all(names.map(async (name) => `${name}@${await installedVersion(name)}`)));
}

/** The same, in the lowest versions that the peer ranges promise. */
export async function addOldest(folder, unpacked, names) {
  const { peerDependencies } = await readJson(join(unpacked, 'package.json'));
  return addPinned(
    folder,
    names.map((name) => `${name}@${lowest(peerDependencies[name])}`),
  );
}

async function addPinned(folder, pinned) {
  await run('npm', ['install', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', ...pinned], {
    cwd: folder,
  });
  return pinned.join(', ');
}

/** The packages that the tarball brings along, seen from an application that has Nest already. */
export async function countDependencies(folder) {
  const { packages } = await readJson(join(folder, 'package-lock.json'));
  const { name } = await readJson(join(root, 'package.json'));
  const found = new Set();
  const visit = (path) => {
    for (const dependency of Object.keys(packages[path].dependencies ?? {})) {
      const target = resolveInstalled(packages, path, dependency);
      if (found.has(target)) continue;
      found.add(target);
      visit(target);
    }
  };
  visit(`node_modules/${name}`);
  const names = [...found].map((path) => `${path.replace(/^.*node_modules\//, '')} ${packages[path].version}`);
  return `${names.length} beside the peers (${names.toSorted().join(', ')})`;
}

/** Runs a script of the application, which must end by itself: nothing of ours may keep its process alive. */
export async function runConsumer(folder, script) {
  const output = await run(process.execPath, [script], { cwd: folder, timeout: 30_000 });
  return output.trim().split('\n').at(-1);
}

/** Runs tests of the application, and says what their runner says of how many passed. */
export async function testConsumer(folder, args, environment = {}) {
  const output = await run(process.execPath, args, { cwd: folder, environment });
  const passed = /(?:^# pass (\d+)$)|(?:^Tests: +(\d+) passed, \d+ total$)/m.exec(output);
  if (passed === null) throw new CheckFailure(`no line about passed tests in:\n${output}`);
  return `${passed[1] ?? passed[2]} tests of the store contract passed`;
}

/** Not among this repository's own packages, as its tests run on vitest, and jest is big. */
export function installJest(folder) {
  return addPinned(folder, ['jest@30.5.2']);
}

export function testWithJest(folder, file) {
  const config = JSON.stringify({ testMatch: [`<rootDir>/${file}`], transform: {} });
  const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', config];
  return testConsumer(folder, args, { NO_COLOR: '1' });
}

export async function compileConsumer(folder, project = 'tsconfig.json') {
  await run('tsc', ['--project', join(folder, project)]);
  return 'strict, nodenext, exactOptionalPropertyTypes, skipLibCheck off, as ESM and as CommonJS';
}

async function refuseOptionalPeers(folder, optional) {
  const { packages } = await readJson(join(folder, 'package-lock.json'));
  const present = optional.filter((name) => `node_modules/${name}` in packages);
  if (present.length > 0) throw new CheckFailure(`${present.join(', ')} got installed: it has to stay optional`);
}

/** Node's own rule: the nearest node_modules upwards. */
function resolveInstalled(packages, from, name) {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (folder === '') throw new CheckFailure(`${name}, which ${from} depends on, was not installed`);
  }
}

async function installedVersion(name) {
  return (await readJson(join(root, 'node_modules', name, 'package.json'))).version;
}

function lowest(range) {
  return range.match(/\d+\.\d+\.\d+/)[0];
}

async function readJson(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}
