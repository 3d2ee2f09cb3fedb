import { OidcAuthError } from '../errors/oidc-auth-error.js';
import type { LoginState } from './login-state.js';
import { s256 } from './pkce.js';
import { timingSafeEqual } from 'node:crypto';

/**
 * A cookie that ties a login to the browser it was started in; as the login endpoint sets it: `Path=/`, `HttpOnly`,
 * `SameSite=Lax`, for 600 s.
 */
export interface BrowserBinding {
  readonly name: string;
  readonly value: string;
  /** Whether the cookie is for https only, as its name then says, too (RFC 6265bis §4.1.3.2). */
  readonly secure: boolean;
}

/** A binding cookie as the browser brings it back. */
export type BrowserCookie = Pick<BrowserBinding, 'name' | 'value'>;

const COOKIE_NAME = 'oidc-login-';
const HOST_PREFIX = '__Host-';

/** The name depends on the state, so that logins in two tabs do not disturb each other. */
export function newBrowserBinding(state: string, value: string, redirectUri: string): BrowserBinding {
  const secure = isHttps(redirectUri);
  return { name: cookieName(state, secure), value, secure };
}

/** The names under which the cookie of this state may have been set. */
export function bindingCookieNames(state: string): string[] {
  return [cookieName(state, true), cookieName(state, false)];
}

export function isBindingCookie(name: string): boolean {
  return name.startsWith(COOKIE_NAME) || name.startsWith(`${HOST_PREFIX}${COOKIE_NAME}`);
}

/**
 * A login on https takes the cookie under its prefixed name only: another one may have been planted by a neighbouring
 * host of the same domain, which the prefix is there to prevent.
 *
 * @throws {@link OidcAuthError} `state_foreign_browser`
 */
export function assertSameBrowser(state: LoginState, cookie: BrowserCookie | undefined): void {
  const isPrefixed = cookie?.name.startsWith(HOST_PREFIX) === true;
  const expected = Buffer.from(state.browserHash ?? '');
  const actual = Buffer.from(s256(cookie?.value ?? ''));
  if (
    cookie !== undefined &&
    isPrefixed === isHttps(state.redirectUri) &&
    expected.length === actual.length &&
    timingSafeEqual(expected, actual)
  ) {
    return;
  }
  throw new OidcAuthError(
    'state_foreign_browser',
    'This login was not started in this browser, has already been completed, or cookies are blocked: start the login again.',
  );
}

function cookieName(state: string, secure: boolean): string {
  return `${secure ? HOST_PREFIX : ''}${COOKIE_NAME}${s256(state).slice(0, 12)}`;
}

function isHttps(uri: string): boolean {
  return /^https:/i.test(uri);
}
