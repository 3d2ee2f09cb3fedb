// Checks the types of the library, its tests and its benchmark, then of each sample.
// The samples see the library as a user does, through its built package: `npm run typecheck` builds first.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const samples = readdirSync(join(root, 'sample')).map((name) => `sample/${name}`);
const projects = ['.', ...samples].filter((folder) => existsSync(join(root, folder, 'tsconfig.json')));

const failed = projects.filter((folder) => {
  const { status } = spawnSync(process.execPath, [compiler, '--noEmit', '--project', folder], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${folder === '.' ? 'lib, test, bench' : folder}`);
  return status !== 0;
});
process.exitCode = failed.length === 0 ? 0 : 1;
