import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import type { ProviderTokens } from '../provider/provider-answers.js';
import { errorCode, sanitizeDescription } from '../provider/provider-error.js';
import { KeyRing } from '../sealing/key-ring.js';
import { idTokenMissing, IdTokenVerifier, type IdTokenExpectations } from '../verification/id-token-verifier.js';
import { clientNonces } from './authorization-request.js';
import { assertSameBrowser, type BrowserCookie } from './browser-binding.js';
import { LoginStates, refusedAt, type StartedLogin, type RedemptionPlace } from './login-state.js';
import { OneTimeUse } from './one-time-use.js';
import { isCodeVerifier, LONGEST_CODE_VERIFIER, s256 } from './pkce.js';
import { SharedCalls } from './shared-calls.js';
import { TokenIssuer } from './token-issuer.js';
import type { TokenResponse } from './token-response.js';

/** The provider's answer as the browser brings it to our callback (RFC 6749 §4.1.2, RFC 9207 §2). */
export interface AuthorizationResponse {
  /** As the login sent it; without it the answer is refused. */
  readonly state?: string | undefined;
  /** Must be there unless `error` is. */
  readonly code?: string | undefined;
  /** Must be the provider's issuer; may be missing where the provider does not announce it. */
  readonly iss?: string | undefined;
  /** What the provider answers instead of a code (RFC 6749 §4.1.2.1). */
  readonly error?: string | undefined;
  readonly error_description?: string | undefined;
  /** The browser's cookie for this state. */
  readonly browserCookie?: BrowserCookie | undefined;
}

/** A code that a client caught itself, as it posts it to the token endpoint. */
export interface CodeGrant {
  readonly code: string;
  /** The one the login was started with. */
  readonly redirect_uri: string;
  /** The client's own verifier (RFC 7636 §4.1): 43 to 128 characters; or the sealed state. */
  readonly code_verifier?: string | undefined;
  /** The sealed state, where it is not sent as verifier. */
  readonly state?: string | undefined;
}

/** What proves that a code belongs to the login it is redeemed for. */
interface Redemption {
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly expected: IdTokenExpectations;
  readonly askedScope: string | undefined;
  /** Names the login, once per login. */
  readonly loginId: string;
  readonly place: RedemptionPlace;
}

/** Redeems authorization codes (RFC 6749 §4.1.3), in each of the three ways a login may end. */
@Injectable()
export class CodeRedemption {
  private readonly running = new SharedCalls<TokenResponse>();

  constructor(
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(IdTokenVerifier) private readonly idTokens: IdTokenVerifier,
    @Inject(LoginStates) private readonly states: LoginStates,
    @Inject(KeyRing) private readonly keyRing: KeyRing,
    @Inject(OneTimeUse) private readonly oneTimeUse: OneTimeUse,
    @Inject(TokenIssuer) private readonly issuer: TokenIssuer,
  ) {}

  /** Way 1: our own callback. The state is checked before anything else of the answer. */
  async atCallback(response: AuthorizationResponse): Promise<TokenResponse> {
    if (response.state === undefined) throw invalid('state is missing.');
    const state = this.states.open(response.state, 'callback');
    assertSameBrowser(state, response.browserCookie);
    await this.assertIssuer(response);
    if (response.error !== undefined) throw authorizationError(response.error, response.error_description);
    if (response.code === undefined) throw invalid('code is missing.');
    return this.redeem(fromState(state, response.state, response.code));
  }

  /** Ways 2 and 3: the client caught the redirect. */
  async atTokenEndpoint(grant: CodeGrant): Promise<TokenResponse> {
    const sealed = sealedStateIn(grant);
    if (sealed === undefined) return this.redeem(this.fromClientVerifier(grant));
    const state = this.states.open(sealed, 'token-endpoint');
    if (state.redirectUri !== grant.redirect_uri)
      throw invalid('redirect_uri differs from the one the login was started with.');
    return this.redeem(fromState(state, sealed, grant.code));
  }

  private fromClientVerifier({ code, redirect_uri: redirectUri, code_verifier: verifier }: CodeGrant): Redemption {
    if (verifier === undefined || !isCodeVerifier(verifier)) {
      throw invalid(
        'code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~, or the state the login was started with.',
      );
    }
    const challenge = s256(verifier);
    return {
      code,
      redirectUri,
      codeVerifier: verifier,
      expected: { nonce: clientNonces(this.keyRing, challenge, redirectUri) },
      askedScope: undefined,
      loginId: s256(challenge),
      place: 'token-endpoint',
    };
  }

  /** Equal requests at the same moment share one answer; any later one finds the login used. */
  private redeem(redemption: Redemption): Promise<TokenResponse> {
    const { loginId, code, codeVerifier, redirectUri, place } = redemption;
    return this.running.run(s256([loginId, code, codeVerifier, redirectUri].join('\n')), async () => {
      if (!(await this.oneTimeUse.claim(loginId))) {
        throw refusedAt(place, 'state_replayed', 'This login has already been completed: start it again.');
      }
      const tokens = await this.exchange(redemption);
      return this.issue(tokens, redemption);
    });
  }

  /** Where the provider gave no answer, the login may be tried again. */
  private async exchange({ code, redirectUri, codeVerifier, loginId }: Redemption): Promise<ProviderTokens> {
    try {
      return await this.provider.grant('authorization_code', {
        code,
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
      });
    } catch (error) {
      const unanswered = error instanceof OidcAuthError && error.code === 'provider_unreachable';
      if (unanswered) await this.oneTimeUse.release(loginId);
      throw error;
    }
  }

  private async issue(tokens: ProviderTokens, redemption: Redemption): Promise<TokenResponse> {
    if (tokens.id_token === undefined) throw idTokenMissing();
    const identity = await this.idTokens.verify(tokens.id_token, redemption.expected);
    return this.issuer.issue({ tokens, identity, askedScope: redemption.askedScope });
  }

  /** RFC 9207 §2.4: an answer of another provider must not be redeemed at ours. */
  private async assertIssuer({ iss, error }: AuthorizationResponse): Promise<void> {
    if (iss === undefined && error !== undefined) return;
    const { issuer, announced } = await this.provider.authorizationResponseIssuer();
    if (iss === issuer || (iss === undefined && !announced)) return;
    throw new OidcAuthError(
      'authorization_issuer_mismatch',
      iss === undefined
        ? 'The identity provider announces the parameter iss (RFC 9207), but the response has none. At Keycloak, the ' +
            'client\'s switch "Exclude Issuer From Authentication Response" drops it.'
        : 'The response comes from another issuer than the one the login was started at (RFC 9207).',
      {
        operatorHint:
          iss === undefined
            ? 'The authorization response lacks "iss" though the metadata announces it. At Keycloak, switch off ' +
              '"Exclude Issuer From Authentication Response" in the client\'s advanced settings.'
            : `An authorization response named another issuer than ${issuer}.`,
      },
    );
  }
}

function fromState(state: StartedLogin, sealed: string, code: string): Redemption {
  const { maxAge, startedAt } = state;
  return {
    code,
    redirectUri: state.redirectUri,
    codeVerifier: state.codeVerifier,
    expected: { nonce: [state.nonce], authenticatedSince: maxAge === undefined ? undefined : startedAt - maxAge },
    askedScope: state.scope,
    loginId: s256(sealed),
    place: state.place,
  };
}

/**
 * Existing clients post the part of `state` after its last `|` as code_verifier. No verifier is as long as a sealed
 * state, so a long one is never sent on to the provider, whether it opens or not.
 */
function sealedStateIn({ code_verifier: verifier, state }: CodeGrant): string | undefined {
  const candidate = verifier ?? state;
  if (candidate === undefined)
    throw invalid('code_verifier is missing: a code is redeemed with PKCE only (RFC 9700 §2.1.1).');
  const sealed = candidate.slice(candidate.lastIndexOf('|') + 1);
  return verifier === undefined || sealed.length > LONGEST_CODE_VERIFIER ? sealed : undefined;
}

function authorizationError(error: string, description: string | undefined): OidcAuthError {
  const said = sanitizeDescription(description);
  return new OidcAuthError('authorization_failed', said ?? 'The identity provider did not sign the user in.', {
    oauthError: errorCode(error),
  });
}

function invalid(message: string): OidcAuthError {
  return new OidcAuthError('invalid_request', message);
}
