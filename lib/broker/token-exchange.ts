import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { ACCESS_TOKEN_TYPE, type TokenExchangeRequest } from '../login/token-issuer.js';
import type { TokenResponse } from '../login/token-response.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { words } from '../options/words.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import { isRefusal } from '../provider/provider-error.js';
import { grantedScopes } from '../verification/constraints.js';
import { ProviderTokenVerifier } from '../verification/token-verifier.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { AccessTokens } from './issuing/access-tokens.js';
import { accessTokenResponse } from './issuing/broker-token-response.js';
import { Identities } from './sessions/identity.js';

/**
 * Exchanges an access token of the identity provider for one of this application (RFC 8693): only the provider's, only
 * such as are meant for this application, and never for more than they are good for.
 */
@Injectable()
export class TokenExchange {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(ProviderTokenVerifier) private readonly verifier: ProviderTokenVerifier,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(Identities) private readonly identities: Identities,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
  ) {}

  /** @throws {@link OidcAuthError} `subject_token_invalid`, `invalid_target`, `invalid_scope`, `claim_not_met` */
  async exchange(request: TokenExchangeRequest): Promise<TokenResponse> {
    this.assertTarget(request);
    const subject = await this.verify(request.subject_token);
    const scope = scopeOf(subject, request.scope);
    const userInfo = await this.userInfo(request.subject_token, subject);
    const identity = this.identities.describe(subject, userInfo);
    const notAfter = subject.exp * 1_000;
    const minted = await this.accessTokens.mint({ identity, scope, notAfter, reason: 'token_exchange' });
    return { ...accessTokenResponse(minted, scope), issued_token_type: ACCESS_TOKEN_TYPE };
  }

  /** RFC 8693 §2.2.2: what we issue is for ourselves. */
  private assertTarget({ audience, resource }: TokenExchangeRequest): void {
    const { audience: ours, issuer } = this.options.broker!;
    const foreign = [...audience, ...resource].some((target) => target !== ours && target !== issuer);
    if (foreign) throw new OidcAuthError('invalid_target', 'Tokens can be had for this application only.');
  }

  private async verify(subjectToken: string): Promise<IdTokenClaims> {
    try {
      return await this.verifier.verify(subjectToken);
    } catch (error) {
      if (!(error instanceof OidcAuthError) || !error.code.startsWith('token_')) throw error;
      throw new OidcAuthError('subject_token_invalid', `subject_token: ${error.message}`, { cause: error });
    }
  }

  /** Whether the provider still stands by the token, and by its subject. */
  private async userInfo(token: string, { sub }: IdTokenClaims) {
    try {
      return await this.provider.userInfo(token, sub);
    } catch (error) {
      const isOfAnother = error instanceof OidcAuthError && error.code === 'subject_changed';
      if (!isOfAnother && !isRefusal(error)) throw error;
      throw new OidcAuthError(
        'subject_token_invalid',
        'subject_token: the identity provider does not accept it (any more).',
        { cause: error },
      );
    }
  }
}

/** RFC 8693 §2.1: at most what the subject's token is good for. */
function scopeOf(subject: IdTokenClaims, asked: string | undefined): string | undefined {
  const granted = grantedScopes(subject);
  const scopes = asked === undefined ? [...granted] : words(asked);
  const refused = scopes.filter((scope) => !granted.has(scope));
  if (refused.length > 0) {
    throw new OidcAuthError('invalid_scope', 'scope names more than the subject_token is good for.');
  }
  return scopes.join(' ') || undefined;
}
