import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { CheckFailure } from './run.mjs';
import { listFiles } from './tarball.mjs';

/** What every application that uses the package has: a type from anywhere else breaks compiling where it is absent. */
const ALLOWED = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs', 'jose'];

/** Folders that are reached by a subpath alone, whose users have a further package. */
const SUBPATHS = { 'dist/store/typeorm/': 'typeorm', 'dist/store/mongoose/': 'mongoose' };

export async function checkDeclarationImports(unpacked) {
  const declarations = (await listFiles(unpacked)).filter((file) => file.endsWith('.d.ts'));
  if (declarations.length === 0) throw new CheckFailure('no .d.ts in the tarball: does `npm run build` work?');
  const findings = [];
  const used = new Set();
  for (const file of declarations) {
    const subpath = Object.keys(SUBPATHS).find((folder) => file.startsWith(folder));
    for (const name of importsOf(await readFile(join(unpacked, file), 'utf8'))) {
      if (name.startsWith('.')) {
        const target = posix.join(posix.dirname(file), name);
        const other = Object.keys(SUBPATHS).find((folder) => target.startsWith(folder));
        if (other !== undefined && other !== subpath)
          findings.push(`${file} imports ${name}, which needs ${SUBPATHS[other]}`);
      } else if (isAllowed(name) || name === SUBPATHS[subpath]) used.add(name);
      else findings.push(`${file} imports ${name}`);
    }
  }
  if (findings.length > 0) {
    throw new CheckFailure(
      `${findings.join('; ')}: describe the type in a file of lib/, keep it out of exported signatures, or mark it @internal`,
    );
  }
  return `${declarations.length} files import only ${[...used].toSorted().join(', ') || 'each other'}`;
}

/** Modules that a declaration names: by import, export from, `import()` in a type, or `/// <reference types>`. */
function importsOf(text) {
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
  const references = typeReferenceDirectives.map(({ fileName }) => fileName).filter((name) => name !== 'node');
  return [...importedFiles.map(({ fileName }) => fileName), ...references];
}

function isAllowed(name) {
  return (
    (isBuiltin(name) && name.startsWith('node:')) || ALLOWED.some((it) => name === it || name.startsWith(`${it}/`))
  );
}
