// Looks at the package as a user gets it: packs it, reads the tarball, installs it in an empty folder and uses it there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addOldest,
  addPackages,
  compileConsumer,
  countDependencies,
  installConsumer,
  installJest,
  runConsumer,
  testConsumer,
  testWithJest,
} from './check-package/consumer.mjs';
import { CheckFailure, run } from './check-package/run.mjs';
import { checkContents, packAndUnpack } from './check-package/tarball.mjs';
import { checkDeclarationImports } from './check-package/declarations.mjs';

const folder = await mkdtemp(join(tmpdir(), 'check-package-'));
const tarball = () => join(folder, 'package.tgz');
const unpacked = join(folder, 'package');
const consumer = join(folder, 'consumer');
const oldest = join(folder, 'oldest');

/** What a check returns is printed beside its name; a check marked `needed` ends the run when it fails. */
const checks = [
  { name: 'pack', needed: true, run: () => packAndUnpack(folder) },
  { name: 'contents', run: () => checkContents(unpacked) },
  { name: 'declarations', run: () => checkDeclarationImports(unpacked) },
  { name: 'publint', run: () => run('publint', ['run', tarball(), '--strict']).then(() => 'no finding') },
  {
    name: 'attw',
    run: () => run('attw', [tarball(), '--profile', 'esm-only', '--no-color']).then(() => 'types resolve (ESM only)'),
  },
  { name: 'install', needed: true, run: () => installConsumer(consumer, tarball(), unpacked, 'newest') },
  { name: 'dependencies', run: () => countDependencies(consumer) },
  { name: 'import', run: () => runConsumer(consumer, 'boot.mjs') },
  { name: 'require', run: () => runConsumer(consumer, 'boot.cjs') },
  { name: 'compile', run: () => compileConsumer(consumer) },
  { name: 'without a database', run: () => runConsumer(consumer, 'without-database.mjs') },
  { name: 'install, typeorm', needed: true, run: () => addPackages(consumer, ['typeorm', 'libsql']) },
  { name: 'import, typeorm', run: () => runConsumer(consumer, 'typeorm.mjs') },
  { name: 'require, typeorm', run: () => runConsumer(consumer, 'typeorm.cjs') },
  { name: 'compile, typeorm', run: () => compileConsumer(consumer, 'tsconfig.typeorm.json') },
  { name: 'install, mongoose', needed: true, run: () => addPackages(consumer, ['mongoose']) },
  { name: 'import, mongoose', run: () => runConsumer(consumer, 'mongoose.mjs') },
  { name: 'require, mongoose', run: () => runConsumer(consumer, 'mongoose.cjs') },
  { name: 'compile, mongoose', run: () => compileConsumer(consumer, 'tsconfig.mongoose.json') },
  { name: 'compile, testing', run: () => compileConsumer(consumer, 'tsconfig.testing.json') },
  { name: 'node:test, testing', run: () => testConsumer(consumer, ['--test', 'contract.node-test.mjs']) },
  { name: 'install, jest', needed: true, run: () => installJest(consumer) },
  { name: 'jest, testing', run: () => testWithJest(consumer, 'contract.jest.mjs') },
  { name: 'install, oldest peers', needed: true, run: () => installConsumer(oldest, tarball(), unpacked, 'oldest') },
  { name: 'import, oldest peers', run: () => runConsumer(oldest, 'boot.mjs') },
  { name: 'install, oldest mongoose', needed: true, run: () => addOldest(oldest, unpacked, ['mongoose']) },
  { name: 'import, oldest mongoose', run: () => runConsumer(oldest, 'mongoose.mjs') },
  { name: 'compile, oldest mongoose', run: () => compileConsumer(oldest, 'tsconfig.mongoose.json') },
];

let failures = 0;
try {
  for (const check of checks) {
    try {
      console.log(`ok    ${check.name}: ${await check.run()}`);
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      failures += 1;
      console.log(`FAIL  ${check.name}: ${error.message}`);
      if (check.needed) break;
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
