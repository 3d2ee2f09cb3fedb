import { TestIdpError } from './errors.js';
import { assertKnown, shown } from './known-names.js';
import type { TestIdpSettings } from './options.js';

/** Throws where a value is not one the setting can have. */
type Rule = (value: unknown, name: string) => void;

const must =
  (be: string, isGood: (value: unknown) => boolean): Rule =>
  (value, name) => {
    if (!isGood(value)) throw new TestIdpError(`${name} must be ${be}, not ${shown(value)}.`);
  };

const oneOf =
  (...known: readonly string[]): Rule =>
  (value, name) =>
    assertKnown(name, value, known);

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const texts = must(
  'a text, or a list of them',
  (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
);
const seconds = must('a number of seconds', (value) => Number.isFinite(value) && Number(value) >= 0);

const CARRIER = oneOf('access_token', 'id_token', 'userinfo');

const RULES: Readonly<Record<keyof TestIdpSettings, Rule>> = {
  audience: texts,
  rolesClaim: texts,
  rolesIn: (value, name) => {
    must('a list', Array.isArray)(value, name);
    for (const carrier of value as unknown[]) CARRIER(carrier, name);
  },
  refreshTokens: oneOf('always', 'offline_access', 'never'),
  refreshTokenRotation: oneOf('none', 'keepOld', 'singleUse', 'punishReuse'),
  accessTokenTtl: seconds,
  idTokenTtl: seconds,
  refreshTokenTtl: seconds,
  codeTtl: seconds,
  deviceCodeTtl: seconds,
  deviceInterval: must('a number of seconds above 0', (value) => Number.isFinite(value) && Number(value) > 0),
  now: must(
    'a function that returns ms since the epoch',
    (value) => typeof value === 'function' && Number.isFinite(value()),
  ),
};

export const SETTING_NAMES = Object.keys(RULES);

/** Of settings with known names; what is `undefined` counts as left out. */
export function assertSettings(settings: TestIdpSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) RULES[name as keyof TestIdpSettings](value, name);
  }
}
