import { isIPv6 } from 'node:net';
import { TestIdpError } from '../errors.js';
import { assertKnown, shown } from './known-names.js';

/** Throws where a value is not one that a member can have; `whose` it is begins with a blank. */
export type Rule = (value: unknown, name: string, whose?: string) => void;

export const must =
  (be: string, isGood: (value: unknown) => boolean): Rule =>
  (value, name, whose = '') => {
    if (!isGood(value)) throw new TestIdpError(`${name}${whose} must be ${be}, not ${shown(value)}.`);
  };

export const oneOf =
  (...known: readonly string[]): Rule =>
  (value, name, whose) =>
    assertKnown(name, value, known, whose);

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isUri = (value: unknown) => isText(value) && URL.canParse(String(value)) && !String(value).includes('#');
const isWebAddress = (value: unknown) => isUri(value) && /^https?:/i.test(String(value));
const listOf = (isGood: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every((member) => isGood(member));

export const text = must('a text that is not empty', isText);
export const listOfTexts = must('a list of texts', listOf(isText));
export const texts = must(
  'a text, or a list of them',
  (value) => isText(value) || (listOf(isText)(value) && (value as unknown[]).length > 0),
);
export const listOfUris = must('a list of absolute URIs without a fragment', listOf(isUri));
export const webAddress = must('an absolute http or https address without a fragment', isWebAddress);
export const seconds = must('a number of seconds, 0 or more', (value) => Number.isFinite(value) && Number(value) >= 0);
export const port = must(
  'a whole number from 0 to 65535',
  (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536,
);

/** The issuer is there, and so it cannot be all addresses of a machine, which are none to be asked at. */
export const host: Rule = (value, name) => {
  must("a name or an address of this machine, such as 'localhost' or '127.0.0.1'", isHost)(value, name);
  if (value !== '0.0.0.0' && value !== '::') return;
  throw new TestIdpError(
    `${name} ${shown(value)} stands for every address, but an issuer has one: give the name or the address by which ` +
      'applications reach this machine. Mind that whoever reaches it can sign in as anybody.',
  );
};

function isHost(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const address = `http://${inUrl(value)}`;
  return URL.canParse(address) && new URL(address).hostname === inUrl(value).toLowerCase();
}

/** RFC 3986 §3.2.2. */
export function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** Checks those members that there is a rule for; what is `undefined` counts as left out. */
export function assertValues(
  values: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  whose = '',
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && Object.hasOwn(rules, name)) rules[name]!(value, name, whose);
  }
}
