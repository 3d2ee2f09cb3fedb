import { createHmac, KeyObject, sign } from 'node:crypto';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { SigningKey } from '../fixtures/op/index.js';
import type { Genuine } from './genuine.js';

/** Tokens none of which may be accepted, by the way in which they are wrong. */
export type Mutations = Readonly<Record<string, Arbitrary<string>>>;

const encode = (text: string | Buffer) => Buffer.from(text).toString('base64url');

/** Signs whatever stands there, which jose would refuse. */
function signed(key: SigningKey, header: string, payload: string | Buffer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const privateKey = KeyObject.from(key.privateKey);
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${encode(signature)}`;
}

/** An object with one of its members changed in a way that `change` draws. */
function withMember(object: Record<string, unknown>, value: Arbitrary<unknown>): Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...Object.keys(object)), value).map(([name, other]) => {
    const { [name]: before, ...rest } = object;
    if (other === DROPPED) return JSON.stringify(rest);
    return JSON.stringify({ ...rest, [name]: JSON.stringify(other) === JSON.stringify(before) ? [other] : other });
  });
}

const DROPPED = Symbol('dropped');

const anything: Arbitrary<unknown> = fc.oneof(
  fc.constant(DROPPED),
  fc.constantFrom(null, true, false, 0, -1, 1e308, '', ' ', [], {}, [[]], [null], 'none', 'admin'),
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The text of an object, with one member written twice: what is read depends on the parser. */
function doubled(object: Record<string, unknown>): Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...Object.keys(object)),
      fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      fc.boolean(),
    )
    .map(([name, other, isFirst]) => {
      const text = JSON.stringify(object).slice(1, -1);
      const again = `${JSON.stringify(name)}:${JSON.stringify(other)}`;
      return isFirst ? `{${again},${text}}` : `{${text},${again}}`;
    });
}

const PARTS = [0, 1, 2] as const;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** What each arbitrary yields differs from every genuine token, or is signed and says something that must be refused. */
export function mutationsOf(genuine: Genuine): Mutations {
  const { header, payload, key, foreign, kid, issuer } = genuine;
  const token = fc.constantFrom(...genuine.tokens);
  const parts = token.map((text) => text.split('.') as [string, string, string]);
  const [goodHeader, goodPayload] = [JSON.stringify(header), JSON.stringify(payload)];
  const publicKey = KeyObject.from(key.publicKey).export({ format: 'pem', type: 'spki' });
  const now = Math.floor(Date.now() / 1_000);
  const different = (made: Arbitrary<string>) => made.filter((text) => !genuine.tokens.includes(text));
  const resigned = (change: Arbitrary<object>) =>
    change.map((claims) => signed(key, goodHeader, JSON.stringify({ ...payload, ...claims })));
  const resignedHeader = (change: Arbitrary<object>) =>
    change.map((members) => signed(key, JSON.stringify({ ...header, ...members }), goodPayload));

  return {
    'a payload changed under its signature': different(
      fc.tuple(parts, withMember(payload, anything)).map(([[head, , tail], text]) => `${head}.${encode(text)}.${tail}`),
    ),
    'a header changed under its signature': different(
      fc.tuple(parts, withMember(header, anything)).map(([[, body, tail], text]) => `${encode(text)}.${body}.${tail}`),
    ),
    'a member doubled under the signature': different(
      fc
        .tuple(parts, doubled(header), doubled(payload), fc.boolean())
        .map(([[head, body, tail], one, other, isHeader]) =>
          isHeader ? `${encode(one)}.${body}.${tail}` : `${head}.${encode(other)}.${tail}`,
        ),
    ),
    'any JSON for a payload': fc
      .tuple(parts, fc.json({ maxDepth: 4 }))
      .map(([[head, , tail], text]) => `${head}.${encode(text)}.${tail}`),
    'any bytes for a part': different(
      fc
        .tuple(parts, fc.constantFrom(...PARTS), fc.uint8Array({ maxLength: 200 }))
        .map(([all, index, bytes]) => all.with(index, encode(Buffer.from(bytes))).join('.')),
    ),
    'an algorithm that nobody allows, with the signature of another': fc
      .tuple(
        parts,
        fc.constantFrom(
          'none',
          'None',
          'NONE',
          'HS256',
          'HS384',
          'HS512',
          'RS256',
          'PS256',
          'ES384',
          'ES512',
          'ES256K',
          'EdDSA',
          'RSA-OAEP',
          'dir',
          'es256',
          'ES256 ',
          '',
        ),
      )
      .map(([[, body, tail], alg]) => `${encode(JSON.stringify({ ...header, alg }))}.${body}.${tail}`),
    'no signature, and alg none': fc
      .constantFrom('none', 'None', 'nOnE', 'NONE', 'ES256', undefined)
      .map((alg) => `${encode(JSON.stringify({ ...header, alg }))}.${encode(goodPayload)}.`),
    'the public key as the secret of an HMAC': fc
      .tuple(
        fc.constantFrom('HS256', 'HS384', 'HS512', 'ES256'),
        fc.constantFrom(publicKey, String(publicKey).trim(), kid, ''),
      )
      .map(([alg, secret]) => {
        const input = `${encode(JSON.stringify({ ...header, alg }))}.${encode(goodPayload)}`;
        const hash = `sha${alg.slice(2) === '256' ? '256' : alg.slice(2)}`;
        return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
      }),
    'the key of somebody else, however it is named': fc
      .tuple(
        fc.constantFrom(
          kid,
          undefined,
          foreign.kid,
          `${kid} `,
          '../../etc/passwd',
          "' or 1=1 --",
          '__proto__',
          'constructor',
        ),
        fc.constantFrom<object>(
          {},
          { jwk: foreign.publicJwk },
          { jku: 'http://127.0.0.1:9/jwks' },
          { x5u: 'http://127.0.0.1:9/x5u' },
          { x5c: ['MIIB'] },
          { 'x5t#S256': 'AAAA' },
        ),
        fc.constantFrom('at+jwt', 'JWT', undefined),
      )
      .map(([named, members, typ]) =>
        signed(foreign, JSON.stringify({ ...header, ...members, kid: named, typ }), goodPayload),
      ),
    'a critical header parameter': resignedHeader(
      fc.constantFrom<object>(
        { crit: ['b64'], b64: false },
        { crit: ['b64'], b64: true },
        { crit: ['exp'], exp: now + 300 },
        { crit: ['x'], x: 1 },
        { crit: [] },
        { crit: {} },
        { crit: null },
        { crit: 'alg' },
      ),
    ),
    'a type of another kind of token': resignedHeader(
      fc
        .constantFrom('logout+jwt', 'id+jwt', 'dpop+jwt', 'secevent+jwt', 'application/jwt', 'JWE', '', 1, null, [
          'at+jwt',
        ])
        .map((typ) => ({ typ })),
    ),
    'a header whose members are of other types': resignedHeader(
      fc.constantFrom<object>(
        { kid: 1 },
        { kid: null },
        { kid: [kid] },
        { alg: ['ES256'] },
        { alg: null },
        { alg: 256 },
      ),
    ),
    'an issuer that is not this one': resigned(
      fc
        .oneof(
          fc.constantFrom<unknown>(
            `${issuer}/`,
            issuer.toUpperCase(),
            ` ${issuer}`,
            `${issuer}#`,
            [issuer],
            null,
            '',
            {},
            issuer.slice(0, -1),
          ),
          fc.webUrl(),
          fc.string(),
        )
        .filter((iss) => iss !== issuer)
        .map((iss) => ({ iss })),
    ),
    'another audience': resigned(
      fc
        .oneof(
          fc.constantFrom<unknown>([], '', null, {}, ['other'], [['test-api']], 'TEST-API', 'test-api ', 'test'),
          fc.string(),
        )
        .filter((aud) => aud !== 'test-api')
        .map((aud) => ({ aud, azp: undefined })),
    ),
    'no end, an end that is past, or none that is a number': resigned(
      fc
        .oneof(
          fc.constantFrom<unknown>(undefined, null, '9999999999', [9_999_999_999], {}, true, -1, 0),
          fc.integer({ min: 0, max: now - 60 }),
        )
        .map((exp) => ({ exp })),
    ),
    'a beginning in the future, or none that is a number': resigned(
      fc
        .oneof(fc.constantFrom<unknown>('0', null, [0], {}, false), fc.integer({ min: now + 3_600 }))
        .map((nbf) => ({ nbf })),
    ),
    'a time of issue that is no number': resigned(fc.constantFrom<unknown>('0', null, [0], {}).map((iat) => ({ iat }))),
    'nobody it is of': resigned(
      fc.constantFrom<unknown>(undefined, null, '', 0, [], ['alice'], {}, true).map((sub) => ({ sub })),
    ),
    'an ID, refresh, offline or logout token': resigned(
      fc.constantFrom<object>(
        { typ: 'ID' },
        { typ: 'Refresh' },
        { typ: 'Offline' },
        { typ: 'Logout' },
        { typ: 'refresh' },
        { events: {} },
        { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
        { at_hash: 'x' },
        { c_hash: 'x' },
        { s_hash: 'x' },
        { nonce: 'n', scope: undefined },
      ),
    ),
    'bound to a key of its sender': resigned(
      fc.constantFrom({ cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }, { cnf: {} }, { cnf: null }),
    ),
    'a bit flipped in the signature': fc.tuple(parts, fc.nat(64 * 8 - 1)).map(([[head, body, tail], bit]) => {
      const bytes = Buffer.from(tail, 'base64url');
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return `${head}.${body}.${encode(bytes)}`;
    }),
    'a signature that is cut, longer, or in the encoding of OpenSSL': fc
      .tuple(parts, fc.nat(63), fc.constantFrom('cut', 'longer', 'der'))
      .map(([[head, body, tail], at, how]) => {
        const bytes = Buffer.from(tail, 'base64url');
        if (how === 'cut') return `${head}.${body}.${encode(bytes.subarray(0, at))}`;
        if (how === 'longer') return `${head}.${body}.${encode(Buffer.concat([bytes, Buffer.alloc(at + 1)]))}`;
        return `${head}.${body}.${encode(derOf(bytes))}`;
      }),
    'a signature of zeros or of the order': fc
      .tuple(parts, fc.constantFrom(0x00, 0xff), fc.constantFrom(64, 63, 65, 0, 96, 132, 256))
      .map(([[head, body], byte, length]) => `${head}.${body}.${encode(Buffer.alloc(length, byte))}`),
    'the signature of another token': fc
      .tuple(fc.constant(genuine.tokens), fc.boolean())
      .map(([[one, other], isFirst]) => {
        const [from, to] = isFirst ? [one!, other!] : [other!, one!];
        return `${from.slice(0, from.lastIndexOf('.'))}${to.slice(to.lastIndexOf('.'))}`;
      }),
    'a character replaced': different(
      fc
        .tuple(token, fc.nat(), fc.constantFrom(...ALPHABET, '.', '=', '+', '/', '~', '%', '"', "'", ',', ';'))
        .map(([text, at, char]) => {
          const index = at % text.length;
          return text.slice(0, index) + char + text.slice(index + 1);
        }),
    ),
    'a character put in': different(
      fc
        .tuple(token, fc.nat(), fc.constantFrom(...ALPHABET, '.', '=', '==', '+', '/', '\u00e9', '\u00a0', '%2e'))
        .map(([text, at, char]) => {
          const index = 1 + (at % (text.length - 1));
          return text.slice(0, index) + char + text.slice(index);
        }),
    ),
    'cut anywhere': fc.tuple(token, fc.nat()).map(([text, at]) => text.slice(0, 1 + (at % (text.length - 1)))),
    'another spelling in base64': different(
      fc.tuple(parts, fc.constantFrom(...PARTS), fc.constantFrom('pad', 'bits', 'plain')).map(([all, index, how]) => {
        const part = all[index]!;
        const spelled = {
          pad: `${part}${'='.repeat((4 - (part.length % 4)) % 4 || 4)}`,
          plain: part.replaceAll('-', '+').replaceAll('_', '/'),
          bits: `${part.slice(0, -1)}${ALPHABET[(ALPHABET.indexOf(part.at(-1)!) ^ 1) % 64]}`,
        };
        return all.with(index, spelled[how]).join('.');
      }),
    ),
    'parts that are missing, empty or too many': fc
      .tuple(parts, fc.constantFrom('.', '..', '...', '....', ' . . '), fc.nat(6))
      .map(
        ([[head, body, tail], dots, way]) =>
          [
            `${head}.${body}`,
            `${head}..${tail}`,
            `.${body}.${tail}`,
            `${head}.${body}.${tail}.`,
            `${head}.${body}.${tail}.${tail}`,
            `${head}.${body}.${tail}.${tail}.${tail}`,
            `x${dots}`,
          ][way]!,
      ),
    'an encrypted token': fc
      .tuple(parts, fc.constantFrom('RSA-OAEP', 'dir', 'ECDH-ES'), fc.constantFrom('A128GCM', 'A256CBC-HS512'))
      .map(
        ([[, body, tail], alg, enc]) =>
          `${encode(JSON.stringify({ alg, enc, kid, cty: 'JWT' }))}.${tail}.${tail}.${body}.${tail}`,
      ),
    'too great, or too deep': fc
      .tuple(parts, fc.constantFrom('long', 'deep', 'wide'), fc.integer({ min: 100, max: 3_000 }))
      .map(([[head, , tail], how, size]) => {
        const text = {
          long: JSON.stringify({ ...payload, name: 'x'.repeat(size * 4) }),
          deep: `{"iss":${JSON.stringify(issuer)},"x":${'['.repeat(size)}${']'.repeat(size)}}`,
          wide: JSON.stringify(Object.fromEntries(Array.from({ length: size }, (_, index) => [`c${index}`, index]))),
        };
        return `${head}.${encode(text[how])}.${tail}`;
      }),
    'text that is no UTF-8': fc
      .tuple(
        fc.constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x28, 0xa1]),
        fc.nat(goodPayload.length - 2),
      )
      .map(([bytes, at]) => {
        // Of ASCII alone, so that each place is one between two characters.
        const text = goodPayload.replaceAll(/[^ -~]/g, '?');
        return signed(
          key,
          goodHeader,
          Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at))]),
        );
      }),
    'a mark of byte order before the text': fc
      .boolean()
      .map((isHeader) =>
        signed(key, isHeader ? `\ufeff${goodHeader}` : goodHeader, isHeader ? goodPayload : `\ufeff${goodPayload}`),
      ),
    'no token at all': fc.oneof(fc.string({ minLength: 1 }), fc.base64String({ minLength: 4 }), fc.webUrl(), fc.uuid()),
  };
}

/** r and s as a SEQUENCE of two INTEGERs (RFC 3279 §2.2.3), which is what OpenSSL itself writes. */
function derOf(signature: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const short = bytes.subarray(first === -1 ? bytes.length - 1 : first);
    const value = short[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
    return Buffer.concat([Buffer.from([0x02, value.length]), value]);
  };
  const half = signature.length / 2;
  const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}
