import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, it } from 'vitest';

const lib = new URL('../../lib/', import.meta.url);
const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .toSorted()
  .map((name) => ({ name: name.replaceAll('\\', '/'), text: readFileSync(new URL(name, lib), 'utf8') }));

const filesWith = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

it('all randomness comes from node:crypto', () => {
  expect(filesWith(/Math\.random|getRandomValues/)).toEqual([]);
  expect(filesWith(/[= ]randomBytes\(|\[randomBytes\(/)).toEqual([
    'broker/sessions/session.ts',
    'sealing/key-ring.ts',
    'sealing/random-value.ts',
    'store/mongoose/mongoose-broker-store.ts',
  ]);
  for (const file of ['broker/sessions/session.ts', 'sealing/key-ring.ts', 'sealing/random-value.ts']) {
    expect(sources.find(({ name }) => name === file)!.text).toMatch(
      /import \{[^}]*randomBytes[^}]*\} from 'node:crypto'/,
    );
  }
});

it('the secret of a login cookie and the MAC of a refresh token are compared in constant time', () => {
  expect(filesWith(/timingSafeEqual\(/)).toEqual(['broker/sessions/refresh-token.ts', 'login/browser-binding.ts']);
});

it('signatures are verified, and outgoing requests made, in one place each', () => {
  expect(
    filesWith(/\b(jwtVerify|compactVerify|\w+Verify)\(|import \{[^}]*\bverify\b[^}]*\} from 'node:crypto'/),
  ).toEqual(['verification/jws-signature.ts']);
  expect(filesWith(/\bisSignature\(/)).toEqual(['verification/jws-signature.ts', 'verification/verify-signature.ts']);
  expect(filesWith(/options\.fetch\(|globalThis\.fetch\(/)).toEqual([
    'options/resolve-options.ts',
    'provider/outgoing-fetch.ts',
  ]);
});

it('what is for tests is reached by its subpath alone', () => {
  const users = sources.filter(
    ({ name, text }) =>
      !name.startsWith('testing/') && importsOf(name, text).some((path) => path.startsWith('testing/')),
  );
  expect(users.map(({ name }) => name)).toEqual([]);
});

/** From the ground up: each folder knows those before it. */
const LAYERS = [
  'errors',
  'clock',
  'store',
  'options',
  'sealing',
  'provider',
  'verification',
  'login',
  'broker',
  'federation',
  'http',
  'guards',
  'decorators',
  'endpoints',
  'testing',
];

it('no folder reaches back: the way is endpoints and guards, login, verification, provider, options', () => {
  const folders = new Set(sources.filter(({ name }) => name.includes('/')).map(({ name }) => name.split('/')[0]!));
  expect([...folders].toSorted()).toEqual(LAYERS.toSorted());
  const backwards = sources.flatMap(({ name, text }) => {
    const from = name.split('/')[0]!;
    return importsOf(name, text)
      .map((target) => target.split('/')[0]!)
      .filter((to) => LAYERS.indexOf(to) > LAYERS.indexOf(from) && LAYERS.includes(from))
      .map((to) => `${name} → ${to}`);
  });
  expect(backwards).toEqual([]);
});

/** What a file of lib needs of others to run, as paths in lib. Types are described where they belong, and cost nothing. */
function importsOf(name: string, text: string): string[] {
  const statements = text.matchAll(/^(?:import|export) (?!type )([^;]*?)from '(\.[^']+)'/gm);
  return [...statements]
    .filter(([, names]) => !/^\{(\s*type \w+,?)+\s*\}\s*$/.test(names!))
    .map(([, , path]) => posix.join(posix.dirname(name), path!));
}
