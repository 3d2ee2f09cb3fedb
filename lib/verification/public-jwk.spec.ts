import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { publicMembersOf } from './public-jwk.js';

it.each([
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
])('of a private key of type %s as much is public as of its public key', (_type, privateKey) => {
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'a', alg: 'none', k: 'AAAA' };
  expect(publicMembersOf(jwk)).toEqual(createPublicKey(privateKey).export({ format: 'jwk' }));
});

it('a member of a key that is no text is none', () => {
  expect(publicMembersOf({ kty: 'RSA', n: 5, e: ['AQAB'], x: null } as never)).toEqual({ kty: 'RSA' });
});
