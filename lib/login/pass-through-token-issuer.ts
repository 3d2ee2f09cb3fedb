import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { IdTokenVerifier } from '../verification/id-token-verifier.js';
import { s256 } from './pkce.js';
import { SharedCalls } from './shared-calls.js';
import { tokenResponseOf, type TokenResponse } from './token-response.js';
import { TokenIssuer, type CompletedLogin } from './token-issuer.js';

/** Pass-through mode: the client gets what the provider issued. */
@Injectable()
export class PassThroughTokenIssuer extends TokenIssuer {
  private readonly refreshes = new SharedCalls<TokenResponse>();

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(IdentityProvider) private readonly provider: IdentityProvider,
    @Inject(IdTokenVerifier) private readonly idTokens: IdTokenVerifier,
  ) {
    super();
  }

  override async issue({ tokens, askedScope }: CompletedLogin): Promise<TokenResponse> {
    return tokenResponseOf(tokens, { askedScope, refreshTokenTtl: this.options.refreshTokenTtl });
  }

  /** Equal refreshes at the same moment share one request: the second would look like reuse to the provider. */
  override refresh(refreshToken: string): Promise<TokenResponse> {
    return this.refreshes.run(s256(refreshToken), async () => {
      const tokens = await this.provider.grant('refresh_token', { refresh_token: refreshToken });
      if (tokens.id_token !== undefined) await this.idTokens.verify(tokens.id_token, {});
      return tokenResponseOf(tokens, {
        presentedRefreshToken: refreshToken,
        refreshTokenTtl: this.options.refreshTokenTtl,
      });
    });
  }

  override async exchange(): Promise<TokenResponse> {
    throw new OidcAuthError('unsupported_grant_type', 'Tokens are exchanged in broker mode only.');
  }

  override async endSession(): Promise<never> {
    throw new OidcAuthError('broker_mode_off', 'This application keeps no sessions: log out by GET.');
  }

  override async publicKeys(): Promise<never> {
    throw new OidcAuthError(
      'broker_mode_off',
      'This application signs no tokens: those of the identity provider are used.',
    );
  }

  override profileOf(token: string, { sub }: IdTokenClaims): Promise<Readonly<Record<string, unknown>>> {
    return this.provider.userInfoIfGiven(token, sub);
  }
}
