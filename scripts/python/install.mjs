import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../child-process.mjs';

const helpFor = (name) => `
This needs Python 3.11 or newer with venv and pip. Do one of these and try again:
  - install it (Debian: apt-get install python3 python3-venv)
  - set PYTHON to the program of another Python
What test/python/${name} names is then fetched by pip, once, and kept in \${XDG_CACHE_HOME:-~/.cache}/nestjs-oidc-auth/python.`;

/** Which Python it is; fails where it is too old, or comes without what makes an environment with pip. */
const PROBE = `
import sys, venv, ensurepip
if sys.version_info < (3, 11): sys.exit("It is Python " + sys.version)
print(sys.executable, sys.version)`;

/** The `python` of an environment with the Python client. */
export const installPythonClient = (log) => install('requirements.txt', 'the Python client (2 MB)', log);

/** The `python` of an environment with the Python library that applications use as this one is used. */
export const installPythonPeer = (log) => install('peer-requirements.txt', 'the Python peer (15 MB)', log);

/** The `python` of a virtual environment with the pinned packages, made once and kept in a cache outside the repository. */
async function install(name, what, log) {
  const requirements = fileURLToPath(new URL(`../../test/python/${name}`, import.meta.url));
  const help = helpFor(name);
  const python = process.env.PYTHON || 'python3';
  const wanted = createHash('sha256').update(probe(python, help)).update(readFileSync(requirements)).digest('hex');
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-oidc-auth', 'python');
  const environment = join(cache, wanted.slice(0, 12));
  if (existsSync(environment)) return programOf(environment);

  log(`fetching ${what}, once …`);
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, 'unfinished-'));
  const discard = () => rmSync(unfinished, { recursive: true, force: true });
  process.once('exit', discard);
  try {
    await run(python, ['-m', 'venv', unfinished], { help });
    const exactly = ['--require-hashes', '--no-deps', '--only-binary=:all:', '-r', requirements];
    await run(programOf(unfinished), ['-m', 'pip', 'install', '--quiet', ...exactly], { help });
    await run(programOf(unfinished), ['-m', 'pip', 'check'], { help });
    // Only a whole one ever gets the final name. Where another process was faster, its result serves as well.
    await rename(unfinished, environment).catch((error) => {
      if (!existsSync(environment)) throw error;
    });
  } finally {
    process.off('exit', discard);
    discard();
  }
  return programOf(environment);
}

const programOf = (environment) => join(environment, 'bin', 'python');

function probe(python, help) {
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', PROBE], { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${python} does not serve: ${(error?.code ?? stderr).trim()}\n${help}`);
}
