import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const document = readFileSync(new URL('SECURITY.md', root), 'utf8');
const promises = document
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .filter(([, promise]) => promise !== 'promise' && !/^-+$/.test(promise ?? ''));

it('SECURITY.md names a test for each promise', () => {
  const untested = promises.filter(([, , , tests]) => !/`[^`]+`/.test(tests ?? ''));

  expect(promises.length).toBeGreaterThan(20);
  expect(untested).toEqual([]);
});

it('SECURITY.md names for its promises only tests that exist', () => {
  const named = promises.flatMap(([, , , tests]) => [...(tests ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
  const files = named.map((name) => (name.includes('/') ? `${name}.spec.ts` : `test/e2e/${name}.spec.ts`));

  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});
