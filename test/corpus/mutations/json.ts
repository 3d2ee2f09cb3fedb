import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Members } from '../genuine.js';

const DROPPED = Symbol('dropped');

/** What may stand where something else is expected. */
const anything: Arbitrary<unknown> = fc.oneof(
  fc.constant(DROPPED),
  fc.constantFrom(null, true, false, 0, -1, 1e308, '', ' ', [], {}, [[]], [null], 'none', 'admin'),
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The text of an object with one of its members left out, or of another value. */
export function withMember(object: Members, names: readonly string[] = Object.keys(object)): Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...names), anything).map(([name, other]) => {
    const { [name]: before, ...rest } = object;
    if (other === DROPPED) return JSON.stringify(rest);
    return JSON.stringify({ ...rest, [name]: JSON.stringify(other) === JSON.stringify(before) ? [other] : other });
  });
}

/** The text of an object, with one member written twice: what is read depends on the parser. */
export function doubled(object: Members, names: readonly string[] = Object.keys(object)): Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...names), fc.oneof(fc.string(), fc.integer(), fc.constant(null)), fc.boolean())
    .map(([name, other, isFirst]) =>
      isFirst ? twice(object, { [name]: other }, {}) : twice(object, {}, { [name]: other }),
    );
}

/** The text of an object, with more members before and after its own, whatever they are called. */
export function twice(object: Members, before: Members, after: Members): string {
  const inner = [before, object, after].map((part) => JSON.stringify(part).slice(1, -1)).filter((text) => text !== '');
  return `{${inner.join(',')}}`;
}
