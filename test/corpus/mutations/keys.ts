import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import type { Genuine, Members } from '../genuine.js';
import { encode, signed, type Signer } from '../signer.js';
import type { Kinds } from './kind.js';

/** Of tokens that nobody has signed whose word counts. */
export function ofOtherKeys({ header, payloads, signer, strangers, issuer }: Genuine): Kinds {
  const jwk = signer.publicKey.export({ format: 'jwk' });
  const pem = String(signer.publicKey.export({ format: 'pem', type: 'spki' }));
  const der = signer.publicKey.export({ format: 'der', type: 'spki' });

  const signedBy = (stranger: Signer, kid: string | undefined, claims: Members, members: Members = {}) =>
    signed(stranger, JSON.stringify({ ...header, ...members, alg: stranger.alg, kid }), JSON.stringify(claims));

  return {
    'no signature, and alg none': fc
      .tuple(payloads, fc.oneof(fc.mixedCase(fc.constant('none')), fc.constantFrom(signer.alg, 'HS256', '', undefined)))
      .map(([claims, alg]) => `${encode(JSON.stringify({ ...header, alg }))}.${encode(JSON.stringify(claims))}.`),
    'the public key as the secret of an HMAC': fc
      .tuple(
        payloads,
        fc.constantFrom('HS256', 'HS384', 'HS512', signer.alg),
        fc.constantFrom<string | Buffer>(pem, pem.trim(), der, JSON.stringify(jwk), signer.kid, ''),
      )
      .map(([claims, alg, secret]) => {
        const input = `${encode(JSON.stringify({ ...header, alg }))}.${encode(JSON.stringify(claims))}`;
        return `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest('base64url')}`;
      }),
    "the key of somebody else, under that one's own name": fc
      .tuple(payloads, fc.constantFrom(...strangers))
      .map(([claims, stranger]) => signedBy(stranger, stranger.kid, claims)),
    'the key of somebody else, under the name of the right one': fc
      .tuple(payloads, fc.constantFrom(...strangers))
      .map(([claims, stranger]) => signedBy(stranger, signer.kid, claims)),
    'the key of somebody else, which the token brings along': fc
      .tuple(payloads, fc.constantFrom(...strangers), fc.nat(3), fc.constantFrom('at+jwt', 'JWT', undefined))
      .chain(([claims, stranger, way, typ]) => {
        const members = [
          {},
          { jwk: stranger.publicKey.export({ format: 'jwk' }) },
          { jku: `${issuer}/jwks`, x5u: `${issuer}/x5c` },
          { x5c: [stranger.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] },
        ][way];
        return fc
          .oneof(fc.constantFrom(signer.kid, undefined, stranger.kid, '', '../jwks', '__proto__'), fc.uuid())
          .map((kid) => signedBy(stranger, kid, claims, { ...members, typ }));
      }),
    'the key of somebody else, and an algorithm that is not its own': fc
      .tuple(payloads, fc.constantFrom(...strangers), fc.constantFrom('RS256', 'ES256', 'PS256', 'ES384', 'EdDSA'))
      .map(([claims, stranger, alg]) => signed(stranger, JSON.stringify({ ...header, alg }), JSON.stringify(claims))),
  };
}
