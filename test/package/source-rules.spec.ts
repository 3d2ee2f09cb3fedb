import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, it } from 'vitest';

const sources = filesIn('lib', (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));

function filesIn(folder: string, isMeant: (name: string) => boolean) {
  const place = new URL(`../../${folder}/`, import.meta.url);
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter(isMeant)
    .toSorted()
    .map((name) => ({ name, text: readFileSync(new URL(name, place), 'utf8') }));
}

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
  expect(filesWith(/\bisSignature\(/)).toEqual(['verification/jws-signature.ts', 'verification/verify-jwt.ts']);
  expect(filesWith(/options\.fetch\(|globalThis\.fetch\(/)).toEqual([
    'options/resolve-options.ts',
    'provider/outgoing-fetch.ts',
  ]);
});

it('samples know users by issuer and subject, and sessions by issuer and id', () => {
  const samples = filesIn('sample', (name) => /^[^/]+\/(src|public)\/.*\.[jt]s$/.test(name));
  expect(new Set(samples.map(({ name }) => name.split('/')[0])).size).toBe(5);
  const careless = samples.flatMap(({ name, text }) => {
    // What is taken of a token, and what is compared; to show a name takes no issuer.
    const taken = text.matchAll(/\{([^{}]*)\}: IdTokenClaims/g);
    const compared = text.matchAll(/^.*(?:\bsub [!=]==|[!=]== (?:[\w?]+\.)*sub\b|payload\.sub\b).*$/gm);
    return [...taken, ...compared]
      .map(([words]) => words.trim())
      .filter((words) => /\b(sub|sid)\b/.test(words) && !/\biss\b/.test(words))
      .map((words) => `${name}: ${words}`);
  });
  expect(careless).toEqual([]);
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
