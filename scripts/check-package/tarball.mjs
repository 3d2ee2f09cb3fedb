import { readdir, rename, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CheckFailure, run } from './run.mjs';

// The documents that the README links to are read where the package is installed, too, and the samples that they speak of.
const DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/http.md'];
const SAMPLES = ['sample/04-custom-store/README.md', 'sample/04-custom-store/src/redis-broker-store.ts'];
const REQUIRED = ['package.json', 'LICENSE', ...DOCUMENTS, ...SAMPLES];
const EXPECTED = /^(dist\/.+\.(js|d\.ts)|docs\/.+\.md|sample\/[^/]+\/(README\.md|src\/.+\.ts))$/;
const TEST_ONLY = /\.(spec|test|bench|e2e)\./;

/** Packs as `npm publish` would (`prepack` builds first) into `folder`/package.tgz and unpacks beside it. */
export async function packAndUnpack(folder) {
  await run('npm', ['pack', '--pack-destination', folder, '--loglevel=error']);
  const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  await rename(join(folder, name), join(folder, 'package.tgz'));
  await run('tar', ['-xzf', 'package.tgz'], { cwd: folder });
  const { size } = await stat(join(folder, 'package.tgz'));
  return `${name}, ${kilobytes(size)}`;
}

export async function checkContents(unpacked) {
  const files = await listFiles(unpacked);
  const missing = REQUIRED.filter((file) => !files.includes(file));
  const unexpected = files.filter((file) => !REQUIRED.includes(file) && (!EXPECTED.test(file) || TEST_ONLY.test(file)));
  if (missing.length > 0)
    throw new CheckFailure(`${missing.join(', ')} not in the tarball: write it, or add it to "files"`);
  if (unexpected.length > 0) {
    throw new CheckFailure(
      `the tarball should not hold ${unexpected.join(', ')}: exclude it in tsconfig.build.json or "files"`,
    );
  }
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(unpacked, file))).size));
  return `${files.length} files, ${kilobytes(sizes.reduce((sum, size) => sum + size, 0))} unpacked, no tests or maps, no sources but the samples'`;
}

/** Every file below `folder`, as paths with forward slashes. */
export async function listFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted();
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
