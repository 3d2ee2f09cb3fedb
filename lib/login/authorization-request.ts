import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import { KeyRing } from '../sealing/key-ring.js';
import { newBrowserBinding, type BrowserBinding } from './browser-binding.js';
import { LoginStates } from './login-state.js';
import { randomValue } from '../sealing/random-value.js';
import { isS256Challenge, s256 } from './pkce.js';
import { RedirectPolicy } from './redirect-policy.js';
import { requestedScopes } from './requested-scopes.js';

/**
 * What a login may ask for; names are those of the query parameters. `prompt`, `max_age`, `login_hint`, `acr_values`
 * and `ui_locales` go on to the provider as they are (OpenID Connect Core §3.1.2.1).
 */
export interface LoginRequest {
  /**
   * Where the provider sends the browser back to: one that `publicUrl` or `redirectUris` allows, or a loopback address.
   */
  readonly redirect_uri: string;
  /** Whether `redirect_uri` is the callback endpoint of this application. */
  readonly isOwnCallback: boolean;
  /** Separated by spaces; of `scopes` and `allowedScopes` only. Default: all of `scopes`. */
  readonly scope?: string | undefined;
  /**
   * Whether to ask for `offline_access`, too (OpenID Connect Core §11). Default: where `offlineAccess` is `'always'`.
   */
  readonly offline_access?: boolean | undefined;
  /** Separated by spaces. */
  readonly prompt?: string | undefined;
  /** The client's own (RFC 7636 §4.2): 43 characters; not for our own callback. */
  readonly code_challenge?: string | undefined;
  /** `S256`, with `code_challenge` only. */
  readonly code_challenge_method?: string | undefined;
  /** The client's own, with its own `code_challenge` only: 1 to 512 printable ASCII characters. */
  readonly state?: string | undefined;
  /** Seconds since the user signed in at the provider, at most; not with `code_challenge`. */
  readonly max_age?: number | undefined;
  readonly login_hint?: string | undefined;
  /** Separated by spaces. */
  readonly acr_values?: string | undefined;
  /** Separated by spaces. */
  readonly ui_locales?: string | undefined;
}

/** Where a login starts. */
export interface LoginRedirect {
  /** The provider's authorization endpoint with the request in its query. */
  readonly url: string;
  /** The cookie to set where the login ends at our own callback. */
  readonly browserBinding?: BrowserBinding | undefined;
}

/** Printable ASCII (RFC 6749, appendix A.5). */
const CLIENT_STATE = /^[\u0020-\u007e]{1,512}$/;

/** Makes authorization requests (RFC 6749 §4.1.1): always with PKCE S256, a state and a nonce. */
@Injectable()
export class AuthorizationRequests {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(RedirectPolicy) private readonly redirects: RedirectPolicy,
    @Inject(LoginStates) private readonly states: LoginStates,
    @Inject(KeyRing) private readonly keyRing: KeyRing,
  ) {}

  async create(login: LoginRequest): Promise<LoginRedirect> {
    this.redirects.assertRedirectUri(login.redirect_uri);
    const { offlineAccess } = this.options;
    const scope = requestedScopes(
      this.options,
      login.scope,
      login.offline_access === true || offlineAccess === 'always',
    );
    const { browserBinding, ...binding } =
      login.code_challenge === undefined
        ? this.bindToState(login, scope)
        : this.bindToClient(login, login.code_challenge);
    const url = await this.provider.authorizationUrl({
      ...this.options.authorizationParams,
      ...passedOn(login),
      response_type: 'code',
      redirect_uri: login.redirect_uri,
      scope,
      ...binding,
      code_challenge_method: 'S256',
    });
    return { url, browserBinding };
  }

  /** Ways 1 and 2: verifier and nonce are ours and travel in the sealed state. */
  private bindToState(login: LoginRequest, scope: string) {
    for (const name of ['code_challenge_method', 'state'] as const) {
      // Its own state would not come back to the client: better said now than found out then.
      if (login[name] !== undefined) throw invalid(`${name} needs a code_challenge.`);
    }
    const codeVerifier = randomValue();
    const nonce = randomValue();
    const browser = login.isOwnCallback ? randomValue() : undefined;
    const state = this.states.seal({
      place: login.isOwnCallback ? 'callback' : 'token-endpoint',
      redirectUri: login.redirect_uri,
      nonce,
      codeVerifier,
      scope,
      maxAge: login.max_age,
      browserHash: browser === undefined ? undefined : s256(browser),
    });
    return {
      state,
      nonce,
      code_challenge: s256(codeVerifier),
      browserBinding: browser === undefined ? undefined : newBrowserBinding(state, browser, login.redirect_uri),
    };
  }

  /** Way 3: the verifier is the client's; its nonce can be computed again from it. */
  private bindToClient(login: LoginRequest, challenge: string) {
    if (login.isOwnCallback) throw invalid('code_challenge cannot be used with the callback of this application.');
    if (login.code_challenge_method !== 'S256') throw invalid('code_challenge_method must be S256.');
    if (!isS256Challenge(challenge)) throw invalid('code_challenge must be the base64url of a SHA-256, 43 characters.');
    if (login.max_age !== undefined) throw invalid('max_age cannot be used with a code_challenge of the client.');
    if (login.state !== undefined && !CLIENT_STATE.test(login.state)) {
      throw invalid('state must be at most 512 printable ASCII characters.');
    }
    return {
      state: login.state ?? randomValue(),
      nonce: clientNonces(this.keyRing, challenge, login.redirect_uri)[0]!,
      code_challenge: challenge,
      browserBinding: undefined,
    };
  }
}

/** The nonces that a login with the client's own PKCE may carry, one for each key of the ring, the newest first. */
export function clientNonces(keyRing: KeyRing, challenge: string, redirectUri: string): string[] {
  return keyRing.authenticate('login-nonce', `${challenge} ${redirectUri}`);
}

function passedOn(login: LoginRequest): Record<string, string> {
  const { prompt, login_hint, acr_values, ui_locales, max_age } = login;
  const parameters = { prompt, login_hint, acr_values, ui_locales, max_age: max_age?.toString() };
  return Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function invalid(message: string): OidcAuthError {
  return new OidcAuthError('invalid_request', message);
}
