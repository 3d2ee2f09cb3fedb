import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { IdentityProvider } from '../provider/identity-provider.js';
import type { ProviderTokens } from '../provider/provider-answers.js';
import { IdTokenVerifier } from '../verification/id-token-verifier.js';
import { s256 } from './pkce.js';
import { SharedCalls } from './shared-calls.js';
import { tokenResponseOf, type TokenResponse } from './token-response.js';

/** A login or device authorization that the provider has completed. */
export interface CompletedLogin {
  readonly tokens: ProviderTokens;
  /** The claims of the verified ID token, where there is one. */
  readonly identity: JWTPayload | undefined;
  readonly askedScope: string | undefined;
}

/** Decides whose tokens a client gets: those of the provider, or, in broker mode, the application's own. */
export abstract class TokenIssuer {
  abstract issue(login: CompletedLogin): Promise<TokenResponse>;
  abstract refresh(refreshToken: string): Promise<TokenResponse>;
}

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
}
