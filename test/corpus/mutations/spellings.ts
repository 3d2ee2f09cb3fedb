import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Genuine } from '../genuine.js';
import { changed, changedParts, type Kinds } from './kind.js';

export const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Of tokens that are written in another way. */
export function spellings(genuine: Genuine): Kinds {
  return {
    ...damagedCharacters((how, change) => changed(genuine, how, change)),
    'another spelling in base64': changedParts(
      genuine,
      fc.tuple(fc.constantFrom(0, 1, 2), fc.constantFrom('pad', 'bits', 'plain', 'line', 'percent'), fc.nat()),
      (all, [index, how, at]) => {
        const part = all[index]!;
        const place = at % part.length;
        const spelled = {
          pad: `${part}${'='.repeat((4 - (part.length % 4)) % 4 || 4)}`,
          plain: part.replaceAll('-', '+').replaceAll('_', '/'),
          bits: `${part.slice(0, -1)}${ALPHABET[(ALPHABET.indexOf(part.at(-1)!) ^ 1) % 64]}`,
          line: `${part.slice(0, place)}\t${part.slice(place)}`,
          percent: `${part.slice(0, place)}%${part.charCodeAt(place).toString(16)}${part.slice(place + 1)}`,
        };
        return all.with(index, spelled[how]);
      },
    ),
    'parts that are missing, empty or too many': changedParts(
      genuine,
      fc.nat(7),
      ([head, body, tail], way) =>
        [
          [head, body],
          [head, '', tail],
          ['', body, tail],
          [head, body, tail, ''],
          ['', head, body, tail],
          [head, body, tail, tail],
          [head, body, tail, tail, tail],
          [tail, body, head],
        ][way]!,
    ),
    'no token at all': fc.oneof(
      fc.noBias(fc.string({ minLength: 4, unit: 'binary-ascii' })),
      fc.noBias(fc.base64String({ minLength: 8 })),
      fc.noBias(fc.webUrl()),
      fc.uuid(),
      fc.array(fc.constantFrom('.', 'x', ' ', 'eyJ', '='), { minLength: 5, maxLength: 12 }).map((all) => all.join('')),
    ),
  };
}

/** What may happen to any text on its way. */
export function damagedCharacters(
  damaged: <T>(how: Arbitrary<T>, change: (text: string, how: T) => string) => Arbitrary<string>,
): Kinds {
  return {
    'a character replaced': damaged(
      fc.tuple(fc.nat(), fc.constantFrom(...ALPHABET, '.', '=', '+', '/', '~', '%', '"', "'", ',', ';')),
      (text, [at, char]) => text.slice(0, at % text.length) + char + text.slice((at % text.length) + 1),
    ),
    'a character put in': damaged(
      fc.tuple(fc.nat(), fc.constantFrom(...ALPHABET, '.', '=', '==', '+', '/', '\u00e9', '\u00a0', '%2e')),
      (text, [at, char]) => {
        const index = 1 + (at % (text.length - 1));
        return text.slice(0, index) + char + text.slice(index);
      },
    ),
    'characters gone': damaged(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 })), (text, [at, characters]) => {
      const index = at % text.length;
      return text.slice(0, index) + text.slice(index + characters);
    }),
    'cut at either end': damaged(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), (text, [at, before, isCutBefore]) => {
      const end = 1 + (at % (text.length - 1));
      return text.slice(isCutBefore ? before % end : 0, end);
    }),
  };
}
