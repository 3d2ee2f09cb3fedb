import { TestIdpError } from '../errors.js';
import { shown } from './known-names.js';
import type { TestIdpSettings } from './options.js';
import { must, oneOf, type Rule, seconds, texts } from './rules.js';

const CARRIER = oneOf('access_token', 'id_token', 'userinfo');
const CLOCK = 'a function that returns ms since the epoch';

export const SETTING_RULES: Readonly<Record<keyof TestIdpSettings, Rule>> = {
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
  now: (value, name) =>
    must(CLOCK, (now) => typeof now === 'function' && Number.isFinite(timeBy(now as () => unknown, name)))(value, name),
};

export const SETTING_NAMES = Object.keys(SETTING_RULES);

function timeBy(now: () => unknown, name: string): unknown {
  try {
    return now();
  } catch (error) {
    throw new TestIdpError(`${name} must be ${CLOCK}, but has thrown ${shown(error)}.`, { cause: error });
  }
}
