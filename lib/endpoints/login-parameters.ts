import type { LoginRequest } from '../login/authorization-request.js';
import { invalid, type RequestParameters } from '../http/request-parameters.js';

const PROMPTS = new Set(['login', 'consent', 'select_account']);

/** The query of the login endpoint. */
export function loginRequestOf(
  parameters: RequestParameters,
  redirectUri: string,
  isOwnCallback: boolean,
): LoginRequest {
  return {
    redirect_uri: redirectUri,
    isOwnCallback,
    scope: parameters.optional('scope'),
    offline_access: flag(parameters, 'offline_access'),
    prompt: prompt(parameters.optional('prompt')),
    code_challenge: parameters.optional('code_challenge'),
    code_challenge_method: parameters.optional('code_challenge_method'),
    state: parameters.optional('state'),
    max_age: seconds(parameters, 'max_age'),
    login_hint: parameters.optional('login_hint'),
    acr_values: parameters.optional('acr_values'),
    ui_locales: parameters.optional('ui_locales'),
  };
}

/** `none` is left out: existing clients send it by default and mean "nothing in particular". */
function prompt(value: string | undefined): string | undefined {
  const asked = (value ?? '').split(' ').filter((word) => word !== '' && word !== 'none');
  const unknown = asked.find((word) => !PROMPTS.has(word));
  if (unknown !== undefined) throw invalid('prompt must be of login, consent, select_account (or none).');
  return asked.length === 0 ? undefined : asked.join(' ');
}

function flag(parameters: RequestParameters, name: string): boolean | undefined {
  const value = parameters.optional(name);
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false') throw invalid(`${name} must be true or false.`);
  return value === 'true';
}

function seconds(parameters: RequestParameters, name: string): number | undefined {
  const value = parameters.optional(name);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw invalid(`${name} must be a whole number of seconds.`);
  return Number(value);
}
