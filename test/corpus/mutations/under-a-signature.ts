import * as fc from 'fast-check';
import type { Genuine } from '../genuine.js';
import { encode } from '../signer.js';
import { doubled, withMember } from './json.js';
import { changed, changedParts, type Kinds } from './kind.js';

/** Of tokens of which the signature stayed as it was. */
export function underASignature(genuine: Genuine): Kinds {
  const { header, payload, issuer, signer } = genuine;
  return {
    'a payload changed under its signature': changedParts(
      genuine,
      genuine.payloads.chain((claims) => withMember(claims)),
      ([head, , tail], text) => [head, encode(text), tail],
    ),
    'a header changed under its signature': changedParts(genuine, withMember(header), ([, body, tail], text) => [
      encode(text),
      body,
      tail,
    ]),
    'a member doubled under the signature': changedParts(
      genuine,
      fc.tuple(doubled(header), doubled(payload), fc.boolean()),
      ([head, body, tail], [one, other, isHeader]) =>
        isHeader ? [encode(one), body, tail] : [head, encode(other), tail],
    ),
    'any JSON for a payload': changedParts(genuine, fc.json({ maxDepth: 4 }), ([head, , tail], text) => [
      head,
      encode(text),
      tail,
    ]),
    'any bytes for a part': changedParts(
      genuine,
      fc.tuple(fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: 200 })),
      (parts, [index, bytes]) => parts.with(index, encode(Buffer.from(bytes))),
    ),
    'an algorithm that nobody allows, with the signature of another': changedParts(
      genuine,
      fc.constantFrom(...algorithms.filter((alg) => alg !== signer.alg)),
      ([, body, tail], alg) => [encode(JSON.stringify({ ...header, alg })), body, tail],
    ),
    'the signature of another token': changed(genuine, genuine.tokens, (token, other) => {
      return `${token.slice(0, token.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`;
    }),
    'an encrypted token': changedParts(
      genuine,
      fc.tuple(fc.constantFrom('RSA-OAEP', 'dir', 'ECDH-ES'), fc.constantFrom('A128GCM', 'A256CBC-HS512')),
      ([, body, tail], [alg, enc]) => [
        encode(JSON.stringify({ alg, enc, kid: signer.kid, cty: 'JWT' })),
        tail,
        tail,
        body,
        tail,
      ],
    ),
    'too great, or too deep': changedParts(
      genuine,
      fc.tuple(fc.constantFrom('long', 'deep', 'deep objects', 'wide'), fc.integer({ min: 100, max: 3_000 })),
      ([head, , tail], [how, size]) => {
        const text = {
          long: JSON.stringify({ ...payload, name: 'x'.repeat(size * 4) }),
          deep: `{"iss":${JSON.stringify(issuer)},"x":${'['.repeat(size)}${']'.repeat(size)}}`,
          'deep objects': `{"iss":${JSON.stringify(issuer)},"x":${'{"":'.repeat(size)}0${'}'.repeat(size)}}`,
          wide: JSON.stringify(Object.fromEntries(Array.from({ length: size }, (_, index) => [`c${index}`, index]))),
        };
        return [head, encode(text[how]), tail];
      },
    ),
  };
}

const algorithms = [
  'none',
  'None',
  'NONE',
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS512',
  'PS256',
  'ES256',
  'ES384',
  'ES512',
  'ES256K',
  'EdDSA',
  'RSA-OAEP',
  'dir',
  'es256',
  'rs256',
  'ES256 ',
  '',
];
