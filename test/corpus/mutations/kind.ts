import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Genuine } from '../genuine.js';

/** Tokens none of which may be accepted, by the way in which they are wrong. */
export type Kinds = Readonly<Record<string, Arbitrary<string>>>;

export type Parts = readonly [header: string, payload: string, signature: string];

export const partsOf = (token: string): Parts => token.split('.') as unknown as Parts;

/** Genuine tokens after a change; where it happened to change nothing, another one is drawn. */
export function changed<T>(genuine: Genuine, how: Arbitrary<T>, change: (token: string, how: T) => string) {
  return fc
    .tuple(genuine.tokens, how)
    .map(([token, drawn]) => ({ token, after: change(token, drawn) }))
    .filter(({ token, after }) => after !== token)
    .map(({ after }) => after);
}

/** The same, by parts. */
export function changedParts<T>(
  genuine: Genuine,
  how: Arbitrary<T>,
  change: (parts: Parts, how: T) => readonly string[],
) {
  return changed(genuine, how, (token, drawn) => change(partsOf(token), drawn).join('.'));
}
