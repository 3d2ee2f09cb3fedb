import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Genuine, Members } from '../genuine.js';
import { signed } from '../signer.js';
import { twice } from './json.js';
import type { Kinds } from './kind.js';

/** What is most like the right thing is tried most. */
const among = (...values: readonly unknown[]) => ({ weight: 4, arbitrary: fc.constantFrom(...values) });

/** Claims with which no token is accepted, by what is wrong. */
function wrongClaims({ issuer, audience, payload }: Genuine): Readonly<Record<string, Arbitrary<Members>>> {
  const now = payload['iat'] as number;
  const noNumbers = fc.oneof(
    fc.constantFrom<unknown>(null, [9_999_999_999], {}, true),
    fc.integer({ min: now }).map(String),
    fc.string(),
  );
  return {
    'an issuer that is not this one': fc
      .oneof(
        among(
          `${issuer}/`,
          issuer.toUpperCase(),
          ` ${issuer}`,
          `${issuer}#`,
          `${issuer}?`,
          [issuer],
          null,
          '',
          {},
          undefined,
          issuer.slice(0, -1),
          issuer.replace('127.0.0.1', 'localhost'),
        ),
        fc.webUrl(),
        fc.string(),
        fc.string({ minLength: 1 }).map((text) => `${issuer}${text}`),
      )
      .filter((iss) => iss !== issuer)
      .map((iss) => ({ iss })),
    'another audience': fc
      .oneof(
        among(
          undefined,
          [],
          '',
          null,
          {},
          [[audience]],
          { 0: audience, length: 1 },
          { [audience]: true },
          audience.toUpperCase(),
          `${audience} `,
          ` ${audience}`,
          audience.slice(0, -1),
        ),
        fc.string(),
        fc.array(fc.string()),
        fc.jsonValue({ maxDepth: 2 }),
        fc.string({ minLength: 1 }).map((text) => `${audience} ${text}`),
      )
      .filter((aud) => aud !== audience && !(Array.isArray(aud) && aud.includes(audience)))
      .map((aud) => ({ aud })),
    'no end, an end that is past, or none that is a number': fc
      .oneof(
        fc.constant(undefined),
        noNumbers,
        fc.integer({ min: 0, max: now - 60 }),
        fc.integer({ min: -now, max: 0 }),
        fc.double({ min: -1e300, max: now - 60, noNaN: true }),
      )
      .map((exp) => ({ exp })),
    'a beginning in the future, or none that is a number': fc
      .oneof(noNumbers, fc.integer({ min: now + 3_600 }), fc.double({ min: now + 3_600, max: 1e300, noNaN: true }))
      .map((nbf) => ({ nbf })),
    'a time of issue that is no number': noNumbers.map((iat) => ({ iat })),
    'nobody it is of': fc
      .oneof(
        fc.constantFrom<unknown>(undefined, null, '', true, {}),
        fc.integer(),
        fc.array(fc.string()),
        fc.dictionary(fc.string(), fc.string()),
      )
      .map((sub) => ({ sub })),
  };
}

/** Claims of other signed tokens of the same issuer. */
function claimsOfOtherTokens(): Readonly<Record<string, Arbitrary<Members>>> {
  const text = fc.string();
  return {
    'an ID, refresh, offline or logout token': fc.oneof(
      fc.mixedCase(fc.constantFrom('ID', 'Refresh', 'Offline', 'Logout')).map((typ) => ({ typ })),
      fc.dictionary(fc.webUrl(), fc.constant({})).map((events) => ({ events })),
      fc.constant({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
      text.map((hash) => ({ at_hash: hash })),
      text.map((hash) => ({ c_hash: hash })),
      text.map((hash) => ({ s_hash: hash })),
      text.map((nonce) => ({ nonce, scope: undefined })),
    ),
    'bound to a key of its sender': fc.oneof(
      text.map((jkt) => ({ cnf: { jkt } })),
      text.map((thumbprint) => ({ cnf: { 'x5t#S256': thumbprint } })),
      fc.jsonValue({ maxDepth: 2 }).map((cnf) => ({ cnf })),
    ),
  };
}

/** Of tokens that the issuer has signed, and that say what makes them unfit. */
export function signedClaims(genuine: Genuine): Kinds {
  const { header, payloads, signer, issuesOtherTokens } = genuine;
  const head = JSON.stringify(header);
  const wrong = { ...wrongClaims(genuine), ...(issuesOtherTokens ? claimsOfOtherTokens() : {}) };
  const resigned = (change: Arbitrary<Members>) =>
    fc
      .tuple(payloads, change)
      .map(([claims, members]) => signed(signer, head, JSON.stringify({ ...claims, ...members })));
  // A claim that is left out cannot come last.
  const last = fc
    .oneof(...Object.values(wrong))
    .filter((members) => Object.values(members).every((value) => value !== undefined));

  return {
    ...Object.fromEntries(Object.entries(wrong).map(([kind, change]) => [kind, resigned(change)])),
    'a claim doubled, of which the last one is wrong': fc
      .tuple(payloads, last)
      .map(([claims, members]) => signed(signer, head, twice(claims, {}, members))),
    'text that is no UTF-8': fc
      .tuple(payloads, fc.constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x28, 0xa1]), fc.nat())
      .map(([claims, bytes, at]) => {
        // Of ASCII alone, so that each place is one between two characters.
        const text = JSON.stringify(claims).replaceAll(/[^ -~]/g, '?');
        const place = at % text.length;
        return signed(
          signer,
          head,
          Buffer.concat([Buffer.from(text.slice(0, place)), Buffer.from(bytes), Buffer.from(text.slice(place))]),
        );
      }),
    'a mark of byte order before the text': fc
      .tuple(payloads, fc.constantFrom('header', 'payload', 'both'))
      .map(([claims, where]) =>
        signed(
          signer,
          `${where === 'payload' ? '' : '\ufeff'}${head}`,
          `${where === 'header' ? '' : '\ufeff'}${JSON.stringify(claims)}`,
        ),
      ),
    'claims that are no object': payloads.chain((claims) =>
      fc
        .constantFrom(JSON.stringify([claims]), JSON.stringify(JSON.stringify(claims)), `${JSON.stringify(claims)},`)
        .map((text) => signed(signer, head, text)),
    ),
  };
}
