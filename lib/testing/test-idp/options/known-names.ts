import { inspect, types } from 'node:util';
import { nearestName } from '../../../options/nearest-name.js';
import { TestIdpError } from '../errors.js';

/** Refuses a name that there is not: says which there are, and which one may have been meant. */
export function assertKnown(what: string, name: unknown, known: readonly string[], where = ''): void {
  if (typeof name === 'string' && known.includes(name)) return;
  const near = typeof name === 'string' ? meant(name, known) : undefined;
  const question = near === undefined ? '.' : `: did you mean ${near}?`;
  throw new TestIdpError(`Unknown ${what} ${shown(name)}${where}${question} Known: ${known.join(', ')}.`);
}

/** The same for the members of an object, as types cannot help who writes tests in JavaScript. */
export function assertMembers(what: string, value: unknown, known: readonly string[], where = ''): void {
  if (!isObject(value)) {
    throw new TestIdpError(`Expected an object with ${what}s${where}: ${known.join(', ')}. Got ${shown(value)}.`);
  }
  for (const name of Object.keys(value)) assertKnown(what, name, known, where);
}

/** Neither a list nor a promise. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !types.isPromise(value);
}

/** For an error. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
}

/** `single` is farther from `singleUse` than a slip of the pen, and yet there is no doubt. */
function meant(name: string, known: readonly string[]): string | undefined {
  const isBeginning = (long: string) => name.length > 2 && long.toLowerCase().startsWith(name.toLowerCase());
  return nearestName(name, known) ?? known.find(isBeginning);
}
