import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { IdentityProvider } from '../../provider/identity-provider.js';
import { wasBroken, wasNeverSent } from '../../provider/connection-failure.js';
import { providerUnreachable } from '../../provider/outgoing-fetch.js';
import type { ProviderTokens } from '../../provider/provider-answers.js';

/** What came of asking the provider to refresh. `isInDoubt`: it may have done so, and its answer was not heard. */
export type UpstreamAnswer =
  | { readonly kind: 'tokens'; readonly tokens: ProviderTokens }
  /** RFC 6749 §5.2 `invalid_grant`: the provider's refresh token is not valid any more. */
  | { readonly kind: 'refused'; readonly isInDoubt: boolean }
  /** Nothing was decided. */
  | { readonly kind: 'failed'; readonly error: OidcAuthError; readonly isInDoubt: boolean };

/** Errors with which a provider says that it cannot, rather than will not. */
const PROVIDER_TROUBLE: ReadonlySet<string | undefined> = new Set([
  'server_error',
  'temporarily_unavailable',
  'slow_down',
]);

/** ms; in less nothing can be expected. */
const SHORTEST_ATTEMPT = 100;

/** Asks the provider to refresh, and understands its answer. */
@Injectable()
export class UpstreamRefresh {
  constructor(@Inject(IdentityProvider) private readonly provider: IdentityProvider) {}

  /** ms after which an attempt is given up. */
  get timeout(): number {
    return this.provider.refreshTimeout;
  }

  /** Settles when the provider can be asked. @throws {@link OidcAuthError} `provider_unreachable` */
  ready(): Promise<void> {
    return this.provider.ready();
  }

  /** Within {@link timeout}; once more in that time, where the connection breaks before any answer. */
  async ask(refreshToken: string): Promise<UpstreamAnswer> {
    const startedAt = performance.now();
    const first = await this.attempt(refreshToken, this.timeout);
    const left = this.timeout - (performance.now() - startedAt);
    const isBroken = first.kind === 'failed' && wasBroken(first.error);
    if (!isBroken || left < SHORTEST_ATTEMPT) return first;
    const second = await this.attempt(refreshToken, left);
    // The first request may have arrived.
    return second.kind === 'tokens' ? second : { ...second, isInDoubt: true };
  }

  /** Best effort: the provider's tokens of a session that has ended are of no use to anybody. */
  async revoke(refreshToken: string | undefined): Promise<void> {
    if (refreshToken === undefined) return;
    // Why it failed has been told to the operator.
    await this.provider.revoke(refreshToken).catch(() => undefined);
  }

  private async attempt(refreshToken: string, timeout: number): Promise<UpstreamAnswer> {
    try {
      return { kind: 'tokens', tokens: await this.provider.refresh(refreshToken, timeout) };
    } catch (error) {
      if (!(error instanceof OidcAuthError)) throw error;
      return answerOf(error);
    }
  }
}

function answerOf(error: OidcAuthError): UpstreamAnswer {
  if (error.code === 'provider_rejected_client') return { kind: 'failed', error, isInDoubt: false };
  if (error.code === 'provider_error' && !PROVIDER_TROUBLE.has(error.oauthError)) {
    if (error.oauthError === 'invalid_grant') return { kind: 'refused', isInDoubt: false };
    return { kind: 'failed', error: clientRefused(error), isInDoubt: false };
  }
  if (error.code === 'provider_unreachable') return { kind: 'failed', error, isInDoubt: !wasNeverSent(error) };
  return { kind: 'failed', error: unusable(error), isInDoubt: true };
}

/** `unauthorized_client`, `unsupported_grant_type` and the like: nothing the caller could mend. */
function clientRefused({ oauthError = 'unknown', message }: OidcAuthError): OidcAuthError {
  return new OidcAuthError(
    'provider_rejected_client',
    'The identity provider did not accept this application as its client.',
    {
      operatorHint: `The identity provider refused to refresh (${oauthError}): may this client use refresh tokens? It said: ${message}`,
    },
  );
}

/** Nobody knows what nonsense means: the next attempt will tell. */
function unusable(cause: OidcAuthError): OidcAuthError {
  return providerUnreachable({ cause });
}
