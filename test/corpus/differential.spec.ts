import { constants, generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { importJWK, jwtVerify, type CryptoKey } from 'jose';
import { describe, expect, it } from 'vitest';
import { OidcAuthError } from '../../lib/index.js';
import { parseCompactJws } from '../../lib/verification/compact-jws.js';
import { VerificationKey } from '../../lib/verification/verification-key.js';
import { verifyJwt } from '../../lib/verification/verify-jwt.js';

/** For each algorithm; `npm run test:corpus` asks for more. */
const TOKENS = Math.ceil(Number(process.env['CORPUS_TOKENS'] ?? 3_000) / 30);

const issuer = 'https://issuer.example';
const now = Date.UTC(2030, 0, 1);
const seconds = now / 1_000;
const clockTolerance = 10;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const pkcs1 = (bits: number) => ({ ...rsa, hash: `sha${bits}`, options: {} });
const pss = (bits: number) => ({
  ...rsa,
  hash: `sha${bits}`,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
});
const ecdsa = (bits: number, curve: string) => ({
  ...ec(curve),
  hash: `sha${bits}`,
  options: { dsaEncoding: 'ieee-p1363' as const },
});
const ed25519 = { ...generateKeyPairSync('ed25519'), hash: null, options: {} };

const algorithms = {
  RS256: pkcs1(256),
  RS384: pkcs1(384),
  RS512: pkcs1(512),
  PS256: pss(256),
  PS384: pss(384),
  PS512: pss(512),
  ES256: ecdsa(256, 'P-256'),
  ES384: ecdsa(384, 'P-384'),
  ES512: ecdsa(512, 'P-521'),
  EdDSA: ed25519,
  Ed25519: ed25519,
};
type Algorithm = keyof typeof algorithms;

/** A claim that is right, a bit beside it, of another type, or not there. */
const claimsFrom = fc.record(
  {
    iss: fc.oneof(
      { weight: 8, arbitrary: fc.constant<unknown>(issuer) },
      fc.constantFrom<unknown>(`${issuer}/`, [issuer], null, 1),
    ),
    sub: fc.oneof({ weight: 8, arbitrary: fc.string() as fc.Arbitrary<unknown> }, fc.jsonValue({ maxDepth: 1 })),
    exp: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -15, max: 15 }).map((by) => seconds + by) as fc.Arbitrary<unknown> },
      fc.constantFrom<unknown>(seconds + 0.5, seconds - clockTolerance + 0.5, 1e300, -1, '9999999999', null, true),
    ),
    nbf: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -15, max: 15 }).map((by) => seconds + by) as fc.Arbitrary<unknown> },
      fc.constantFrom<unknown>('0', null, []),
    ),
    iat: fc.oneof(
      { weight: 8, arbitrary: fc.integer().map((by) => seconds + by) as fc.Arbitrary<unknown> },
      fc.constantFrom<unknown>('0', null, []),
    ),
    name: fc.string({ unit: 'grapheme' }) as fc.Arbitrary<unknown>,
    more: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
    // As a member: written plainly it would be what the record inherits from.
    ['__proto__']: fc.constant<unknown>({ sub: 'inherited' }),
  },
  { requiredKeys: ['iss', 'exp'] },
);

const headersFrom = (alg: Algorithm) =>
  fc.record(
    {
      alg: fc.oneof(
        { weight: 20, arbitrary: fc.constant<unknown>(alg) },
        fc.constantFrom<unknown>(...Object.keys(algorithms), 'none', null),
      ),
      typ: fc.constantFrom<unknown>('JWT', 'at+jwt'),
      kid: fc.string() as fc.Arbitrary<unknown>,
    },
    { requiredKeys: ['alg'] },
  );

/** What is done to a token that was signed as it should be. */
const damages: Readonly<Record<string, (token: string, at: number) => string>> = {
  none: (token) => token,
  'a character replaced': (token, at) => token.slice(0, at % token.length) + 'A' + token.slice((at % token.length) + 1),
  'cut at its end': (token, at) => token.slice(0, -1 - (at % 5)),
  padded: (token) => `${token}=`,
  'white space': (token, at) => `${token.slice(0, at % token.length)} ${token.slice(at % token.length)}`,
  'the signature of nothing': (token) => token.slice(0, token.lastIndexOf('.') + 1),
  'a zero more': (token) => `${token}AA`,
};

const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

describe('of each token, the same verdict as jose gives', () => {
  it.each(Object.keys(algorithms) as Algorithm[])('%s', { timeout: 600_000 }, async (alg) => {
    const { privateKey, publicKey, hash, options } = algorithms[alg];
    const jwk = publicKey.export({ format: 'jwk' });
    const ours = VerificationKey.from(jwk)!;
    const joses = (await importJWK(jwk as never, alg)) as CryptoKey;
    const verdicts = { accepted: 0, withPrototype: 0, refused: 0, stricter: 0 };

    const token = fc
      .tuple(
        headersFrom(alg),
        claimsFrom,
        fc.oneof({ weight: 2, arbitrary: fc.constant('none') }, fc.constantFrom(...Object.keys(damages))),
        fc.nat(),
      )
      .map(([header, claims, damage, at]) => {
        const input = `${encode(header)}.${encode(claims)}`;
        const signature = sign(hash, Buffer.from(input), { key: privateKey, ...options });
        return damages[damage]!(`${input}.${signature.toString('base64url')}`, at);
      });

    await fc.assert(
      fc.asyncProperty(token, async (jwt) => {
        const required = ['exp', 'sub'];
        const jose = await jwtVerify(jwt, joses, {
          algorithms: [alg],
          issuer,
          clockTolerance,
          currentDate: new Date(now),
          requiredClaims: required,
        }).then(
          ({ payload }) => payload,
          () => undefined,
        );
        const verdict = await verdictOf(jwt, alg, ours);
        if (jose === undefined) {
          verdicts.refused++;
          expect(verdict, 'refused by jose').toBeInstanceOf(OidcAuthError);
        } else if (verdict instanceof OidcAuthError) {
          verdicts.stricter++;
          // A second spelling of the same bytes, or what is in the header of no access token.
          expect(verdict.code).toBe('token_malformed');
          const [head, body, tail] = jwt.split('.').map((part) => Buffer.from(part, 'base64url').toString('base64url'));
          expect(jwt).not.toBe(`${head}.${body}.${tail}`);
        } else {
          verdicts.accepted++;
          if (Object.hasOwn(jose, '__proto__')) verdicts.withPrototype++;
          expect(verdict).toEqual(jose);
        }
      }),
      { numRuns: TOKENS },
    );
    // Otherwise this has compared nothing.
    expect(verdicts.accepted).toBeGreaterThan(TOKENS / 20);
    expect(verdicts.withPrototype).toBeGreaterThan(TOKENS / 40);
    expect(verdicts.refused).toBeGreaterThan(TOKENS / 20);
  });

  async function verdictOf(jwt: string, alg: string, key: VerificationKey): Promise<unknown> {
    try {
      const jws = parseCompactJws(jwt);
      // What the header says is looked at by who chooses the key.
      if (jws.header['alg'] !== alg) return new OidcAuthError('token_algorithm_not_allowed', 'another algorithm');
      const expected = { alg, issuer, clockTolerance, now, required: ['exp', 'sub'] };
      return (await verifyJwt(jws, [key], expected)).payload;
    } catch (error) {
      return error;
    }
  }
});

it('a signature of ECDSA in the encoding of OpenSSL is refused, of whatever length it is', async () => {
  const { privateKey, publicKey } = algorithms.ES256;
  const key = VerificationKey.from(publicKey.export({ format: 'jwk' }))!;
  const claims = encode({ iss: issuer, sub: 's', exp: seconds + 60 });
  for (let attempt = 0; attempt < 50; attempt++) {
    const input = `${encode({ alg: 'ES256', attempt })}.${claims}`;
    const der = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'der' }).toString('base64url');
    const expected = { alg: 'ES256', issuer, clockTolerance, now };
    await expect(verifyJwt(parseCompactJws(`${input}.${der}`), [key], expected)).rejects.toMatchObject({
      code: 'token_signature_invalid',
    });
  }
});
