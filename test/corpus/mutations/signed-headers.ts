import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Genuine, Members } from '../genuine.js';
import { signed } from '../signer.js';
import { twice } from './json.js';
import type { Kinds } from './kind.js';

/** Of tokens that the issuer has signed, with a header that no access token of it has. */
export function signedHeaders({ header, payloads, signer, otherTypes }: Genuine): Kinds {
  const resigned = (text: Arbitrary<string>) =>
    fc.tuple(payloads, text).map(([claims, head]) => signed(signer, head, JSON.stringify(claims)));
  const withMembers = (change: Arbitrary<Members>) =>
    resigned(change.map((members) => JSON.stringify({ ...header, ...members })));
  const critical = fc.oneof(
    fc.constantFrom<Members>(
      { crit: ['b64'], b64: false },
      { crit: ['b64'], b64: true },
      { crit: ['exp'], exp: 4_000_000_000 },
      { crit: [] },
      { crit: {} },
      { crit: null },
      { crit: 'alg' },
    ),
    fc.string({ minLength: 1 }).map((name) => ({ crit: [name], [name]: 1 })),
  );
  const types = fc.oneof(
    fc.constantFrom<unknown>(...otherTypes),
    fc.string({ minLength: 1 }).map((text) => `x-${text}`),
    fc.constantFrom('at+jwt', 'jwt').map((type) => [type]),
  );
  const noTexts = fc.oneof(fc.integer(), fc.constantFrom(null, true, [], {}), fc.array(fc.string(), { minLength: 1 }));

  return {
    'a critical header parameter': withMembers(critical),
    'a type of another kind of token': withMembers(types.map((typ) => ({ typ }))),
    'a key id that is no text': withMembers(noTexts.map((kid) => ({ kid }))),
    'an algorithm that is no text, or none at all': withMembers(
      fc.oneof(noTexts, fc.constant(undefined)).map((alg) => ({ alg })),
    ),
    'an algorithm in the header that is not the one it is signed with': withMembers(
      fc
        .constantFrom('none', 'HS256', 'ES384', 'PS256', 'EdDSA', signer.alg === 'RS256' ? 'ES256' : 'RS256')
        .map((alg) => ({
          alg,
        })),
    ),
    'a header with a member doubled, of which the last one is wrong': resigned(
      fc
        .oneof(
          critical,
          fc.constantFrom(...otherTypes.filter((typ) => typ !== undefined)).map((typ) => ({ typ })),
          fc.constantFrom('none', 'HS256', 'ES384', null).map((alg) => ({ alg })),
          fc.uuid().map((kid) => ({ kid })),
        )
        .map((last) => twice(header, {}, last)),
    ),
    'a header that is no object': resigned(
      fc.constantFrom(
        'null',
        '[]',
        '"x"',
        '1',
        '',
        '{',
        JSON.stringify([header]),
        JSON.stringify(JSON.stringify(header)),
      ),
    ),
  };
}
