import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { OidcAuthError, type OidcAuthErrorCode } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { KeyRing } from '../sealing/key-ring.js';

/** Seconds a person has to sign in at the provider. */
export const LOGIN_LIFETIME = 600;

/** Where a state may be redeemed: at our own callback, or at the token endpoint by the client that caught the redirect. */
export type RedemptionPlace = 'callback' | 'token-endpoint';

const MISPLACED: Readonly<Record<RedemptionPlace, string>> = {
  callback: 'This login was started for a client that redeems the code at the token endpoint, not at the callback.',
  'token-endpoint':
    'This login was started for the callback of this application: its code cannot be redeemed at the token endpoint.',
};

/** At the token endpoint the state is part of a grant (RFC 6749 §5.2); at the callback it is a parameter. */
export function refusedAt(place: RedemptionPlace, code: OidcAuthErrorCode, message: string): OidcAuthError {
  return new OidcAuthError(code, message, place === 'token-endpoint' ? { oauthError: 'invalid_grant' } : {});
}

/** What the library must still know when the browser comes back from the provider. */
export interface LoginState {
  readonly place: RedemptionPlace;
  readonly redirectUri: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** What was asked for, as some providers do not repeat it. */
  readonly scope: string;
  readonly maxAge?: number | undefined;
  /** SHA-256 of the cookie's value, where the state is bound to a browser. */
  readonly browserHash?: string | undefined;
}

/** A state that was sealed, with the time (seconds since the epoch) its login started. */
export type StartedLogin = LoginState & { readonly startedAt: number };

/**
 * The `state` of an authorization request that is redeemed by us: a {@link LoginState} under authenticated encryption.
 *
 * It travels through the provider and the browser, and means nothing to either. It holds no `|`, after the last of
 * which existing clients look for it.
 */
@Injectable()
export class LoginStates {
  constructor(
    @Inject(KeyRing) private readonly keyRing: KeyRing,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  seal(state: LoginState): string {
    const started: StartedLogin = { ...state, startedAt: Math.floor(this.clock.now() / 1_000) };
    return this.keyRing.seal('login-state', this.context(), JSON.stringify(started));
  }

  /**
   * @throws {@link OidcAuthError} `state_invalid` where we did not seal it, `state_expired`, `state_misplaced` where it
   *   may be redeemed at the other place only
   */
  open(sealed: string, place: RedemptionPlace): StartedLogin {
    const opened = this.keyRing.open('login-state', this.context(), sealed);
    if (opened === undefined) {
      throw refusedAt(place, 'state_invalid', 'The state was not issued by this application: start the login again.');
    }
    const state = JSON.parse(opened) as StartedLogin;
    if (state.startedAt + LOGIN_LIFETIME < this.clock.now() / 1_000) {
      throw refusedAt(place, 'state_expired', 'The login took too long: start it again.');
    }
    if (state.place !== place) throw refusedAt(place, 'state_misplaced', MISPLACED[place]);
    return state;
  }

  /** Applications that share a client secret still do not open each other's states if their clients differ. */
  private context(): string {
    return `${this.options.discoveryUrl.href} ${this.options.clientId}`;
  }
}
