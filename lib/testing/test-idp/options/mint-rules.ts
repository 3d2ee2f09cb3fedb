import { types } from 'node:util';
import { TestIdpError } from '../errors.js';
import type { TestIdpMintOptions, TestIdpTokenClaims } from '../mint-types.js';
import { assertKnown, assertMembers, isObject, shown } from './known-names.js';
import { listOfTexts, must, type Rule, text, texts } from './rules.js';

const date = must('a number of seconds since the epoch', Number.isFinite);
const anyText = must('a text', (value) => typeof value === 'string');

const CLAIM_RULES: Readonly<Record<string, Rule>> = {
  sub: anyText,
  roles: listOfTexts,
  scope: must('a text, with spaces between its words', (value) => typeof value === 'string'),
  aud: texts,
  exp: date,
  iat: date,
  nbf: date,
  iss: anyText,
  client_id: anyText,
  sid: text,
  auth_time: date,
};

/** Of those that have a name here; `null` and `undefined` are for all. */
export function assertClaims(claims: TestIdpTokenClaims): void {
  if (!isObject(claims)) {
    throw new TestIdpError(`mintToken takes an object of claims, such as { sub: 'alice' }, not ${shown(claims)}.`);
  }
  for (const [name, value] of Object.entries(claims)) {
    if (value != null && Object.hasOwn(CLAIM_RULES, name)) CLAIM_RULES[name]!(value, `${name} of mintToken`);
  }
}

export function assertMintOptions(options: TestIdpMintOptions): void {
  assertMembers('option', options, ['header', 'signWith'], ' of mintToken');
  const { header = {}, signWith } = options;
  if (!isObject(header)) throw new TestIdpError(`header must be an object, not ${shown(header)}.`);
  if (signWith === undefined) return;
  if (!isObject(signWith)) {
    assertKnown('signWith', signWith, ['unpublished', 'none'], ', nor is it a key { privateKey, alg, kid }');
    return;
  }
  const { privateKey, alg, kid } = signWith;
  must('a CryptoKey, or a Uint8Array for HMAC', isKey)(privateKey, 'privateKey of signWith');
  text(alg, 'alg of signWith');
  if (kid !== undefined) anyText(kid, 'kid of signWith');
}

/** In whatever realm. */
function isKey(value: unknown): boolean {
  return types.isCryptoKey(value) || types.isKeyObject(value) || types.isUint8Array(value);
}
