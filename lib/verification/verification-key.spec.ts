import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VerificationKey } from './verification-key.js';

const rsa = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
const elliptic = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });

describe('an RSA key', () => {
  it.each([
    [1024, false],
    [2047, false],
    [2048, true],
  ])('of %i bits is usable: %s', (bits, usable) => {
    expect(VerificationKey.from(rsa(bits)) !== undefined).toBe(usable);
  });

  it('is measured by its modulus, not by the zeros before it', () => {
    const weak = rsa(1024);
    const n = Buffer.concat([Buffer.alloc(200), Buffer.from(weak.n!, 'base64url')]).toString('base64url');
    expect(VerificationKey.from({ ...weak, n })).toBeUndefined();
    expect(VerificationKey.from({ ...weak, n: 'AAAA' })).toBeUndefined();
    expect(VerificationKey.from({ ...weak, n: undefined })).toBeUndefined();
  });
});

describe('an RSA key that no issuer would use', () => {
  const good = rsa(2048);
  const number = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
  it.each([
    ['an exponent of 1, with which anybody could sign', { e: number('01') }],
    ['the same, with zeros before it', { e: number('000001') }],
    ['no exponent', { e: '' }],
    ['an even exponent', { e: number('010000') }],
    ['an exponent of more than 64 bits', { e: number('01000000000000000001') }],
    ['a modulus of more than 8,192 bits', { n: number('ff'.repeat(1_025)) }],
    ['an algorithm that is no text', { alg: ['PS256'] }],
    ['a name that is no text', { kid: 5 }],
  ])('is none: %s', (_, members) => {
    expect(VerificationKey.from({ ...good, ...members })).toBeUndefined();
  });

  it.each([number('03'), number('010001')])('but may have the exponent %s', (e) => {
    expect(VerificationKey.from({ ...good, e })).toBeDefined();
  });
});

describe('a key', () => {
  it.each([
    ['RSA', rsa(2048), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['P-256', elliptic('P-256'), ['ES256']],
    ['P-384', elliptic('P-384'), ['ES384']],
    ['P-521', elliptic('P-521'), ['ES512']],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }), ['EdDSA', 'Ed25519']],
  ])('of type %s fits its own algorithms only', (_type, jwk, fitting) => {
    const all = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519 HS256 none'.split(' ');
    const key = VerificationKey.from(jwk)!;
    expect(all.filter((alg) => key.fits({ alg }))).toEqual(fitting);
  });

  it('fits by its name, where a token names one, and by its algorithm, where it has one', () => {
    const key = VerificationKey.from({ ...elliptic('P-256'), kid: 'a', alg: 'ES256' })!;
    expect(key.fits({ alg: 'ES256' })).toBe(true);
    expect(key.fits({ alg: 'ES256', kid: 'a' })).toBe(true);
    expect(key.fits({ alg: 'ES256', kid: 'b' })).toBe(false);
    expect(VerificationKey.from({ ...rsa(2048), alg: 'RS256' })!.fits({ alg: 'PS256' })).toBe(false);
  });

  it('without a name fits no token that names a key', () => {
    const key = VerificationKey.from(elliptic('P-256'))!;
    expect(key.fits({ alg: 'ES256' })).toBe(true);
    expect(key.fits({ alg: 'ES256', kid: 'a' })).toBe(false);
    expect(key.fits({ alg: 'ES256', kid: '' })).toBe(false);
  });

  it('is the same key only with the same members and the same name', () => {
    const jwk = elliptic('P-256');
    const identity = (members: object) => VerificationKey.from({ ...jwk, ...members })!.identity;
    expect(identity({ kid: 'a', x5t: 'ignored' })).toBe(identity({ kid: 'a' }));
    expect(identity({ kid: 'a' })).not.toBe(identity({ kid: 'b' }));
    expect(identity(elliptic('P-256'))).not.toBe(identity({}));
  });

  it('keeps no private member', () => {
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    expect(VerificationKey.from(jwk)!.jwk).not.toHaveProperty('d');
  });

  it.each([null, undefined, 5, 'key', [], {}, { kty: 'oct', k: 'AAAA' }, { kty: 'toString' }, { kty: 5 }])(
    'is not made of %j',
    (candidate) => {
      expect(VerificationKey.from(candidate)).toBeUndefined();
    },
  );

  it.each([{ use: 'enc' }, { key_ops: ['sign'] }, { key_ops: 'verify' }, { key_ops: [] }])(
    'is not made of one that is not for verifying: %j',
    (members) => {
      expect(VerificationKey.from({ ...elliptic('P-256'), ...members })).toBeUndefined();
    },
  );
});
