import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const lib = new URL('../../lib/', import.meta.url);
const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .map((name) => ({ name: name.replaceAll('\\', '/'), text: readFileSync(new URL(name, lib), 'utf8') }));

const filesWith = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

it('all randomness comes from node:crypto', () => {
  expect(filesWith(/Math\.random|getRandomValues/)).toEqual([]);
  expect(filesWith(/[= ]randomBytes\(|\[randomBytes\(/)).toEqual([
    'broker/session.ts',
    'login/pkce.ts',
    'sealing/key-ring.ts',
    'store/mongoose/mongoose-broker-store.ts',
  ]);
  for (const file of ['broker/session.ts', 'login/pkce.ts', 'sealing/key-ring.ts']) {
    expect(sources.find(({ name }) => name === file)!.text).toMatch(
      /import \{[^}]*randomBytes[^}]*\} from 'node:crypto'/,
    );
  }
});

it('the secret of a login cookie and the MAC of a refresh token are compared in constant time', () => {
  expect(filesWith(/timingSafeEqual\(/)).toEqual(['broker/refresh-token.ts', 'login/browser-binding.ts']);
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
  const users = sources.filter(({ name, text }) => !name.startsWith('testing/') && /from '[./]+\/testing\//.test(text));
  expect(users.map(({ name }) => name)).toEqual([]);
});

it('no folder reaches back: the way is http and guards, login, verification, provider, options', () => {
  const order = [
    'errors',
    'clock',
    'options',
    'sealing',
    'store',
    'provider',
    'verification',
    'login',
    'broker',
    'federation',
    'http',
  ];
  // Constraints are part of the options' types; http and guards are two halves of one layer.
  const layer: Record<string, number> = Object.fromEntries(order.map((folder, index) => [folder, index]));
  layer['guards'] = layer['decorators'] = layer['http']!;
  const allowed = new Set(['options → verification', 'options → store', 'options → broker']);
  const backwards = sources.flatMap(({ name, text }) => {
    const [from] = name.split('/') as [string];
    const targets = [...text.matchAll(/from '\.\.\/([a-z]+)\//g)].map(([, to]) => to!);
    return targets.filter((to) => layer[to]! > (layer[from] ?? 99)).map((to) => `${from} → ${to}`);
  });
  expect([...new Set(backwards)].filter((edge) => !allowed.has(edge))).toEqual([]);
});
