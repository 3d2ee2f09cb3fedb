import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

/** Where a program of a sample is, once the sample has been built. */
export const programOf = (sample, path) =>
  fileURLToPath(new URL(`../../sample/${sample}/dist/${path}`, import.meta.url));

export function buildLibrary() {
  build('the library', {
    sources: ['lib', 'tsconfig.json', 'tsconfig.build.json'],
    result: 'dist/index.js',
    command: ['typescript/bin/tsc', '--project', 'tsconfig.build.json'],
  });
}

/** After the library, which samples see as users do. */
export function buildSample(name, { folders = ['src'] } = {}) {
  const sample = `sample/${name}`;
  build(sample, {
    sources: [...folders.map((folder) => `${sample}/${folder}`), `${sample}/tsconfig.json`, 'dist/index.js'],
    result: `${sample}/dist/src/main.js`,
    command: ['typescript/bin/tsc', '-p', sample],
  });
}
