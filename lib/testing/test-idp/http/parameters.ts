import { OAuthError } from '../errors.js';

/** A parameter that may be sent once; an empty one counts as left out (RFC 6749 §3.1, §3.2). */
export function only(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw new OAuthError('invalid_request', `${name} is sent ${values.length} times`);
  return values[0] || undefined;
}

export function required(parameters: URLSearchParams, name: string): string {
  const value = only(parameters, name);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`);
  return value;
}

/** A list in one parameter, as `scope` and `prompt` are. */
export function words(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(' ').filter(Boolean))];
}
