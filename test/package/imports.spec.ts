import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isBuiltin } from 'node:module';
import { join, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const imports = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .flatMap((file) =>
    packagesImportedBy(join(root, 'lib', file)).map((name) => ({ file: file.split(sep).join('/'), name })),
  );

describe('the library', () => {
  it('imports only packages that it declares', () => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

    expect(imports.filter(({ name }) => !declared.includes(name))).toEqual([]);
  });

  it('declares only dependencies that it imports', () => {
    const used = new Set(imports.map(({ name }) => name));

    expect(Object.keys(manifest.dependencies).filter((name) => !used.has(name))).toEqual([]);
  });

  it('imports what is for databases only below the subpath that is for them', () => {
    const databases = Object.keys(manifest.peerDependenciesMeta);
    const homeOf = (name: string) => (name === 'mongoose' ? 'store/mongoose/' : 'store/typeorm/');
    const elsewhere = imports.filter(({ file, name }) => databases.includes(name) && !file.startsWith(homeOf(name)));

    expect(elsewhere).toEqual([]);
  });

  it('talks to the identity provider through lib/provider alone', () => {
    const elsewhere = imports.filter(({ file, name }) => name === 'openid-client' && !file.startsWith('provider/'));

    expect(elsewhere).toEqual([]);
  });
});

/** Names of the packages, without relative files and Node's own modules. */
function packagesImportedBy(path: string): string[] {
  return ts
    .preProcessFile(readFileSync(path, 'utf8'), true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}
