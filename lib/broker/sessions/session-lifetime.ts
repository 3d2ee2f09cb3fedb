import { refreshLifetimeOf } from '../../login/token-response.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import type { ProviderTokens } from '../../provider/provider-answers.js';

const SECOND = 1_000;

/** When the provider's refresh token ends, if it says so: ms of the store's clock. */
export function upstreamExpiry(tokens: ProviderTokens, now: number): number | undefined {
  const lifetime = refreshLifetimeOf(tokens);
  return lifetime === undefined ? undefined : now + lifetime * SECOND;
}

/** When a refresh token issued now ends: with its own lifetime, its session or the provider's token, whatever is first. */
export function refreshExpiry(
  options: ResolvedOptions,
  session: { readonly hardExpiry: number; readonly up: { readonly expiresAt?: number | undefined } | null },
  now: number,
): number {
  return Math.min(now + options.refreshTokenTtl * SECOND, session.hardExpiry, session.up?.expiresAt ?? Infinity);
}

/** How long the record is kept: also for who only holds an access token of it. */
export function recordExpiry(options: ResolvedOptions, refreshExpires: number, now: number): number {
  return Math.max(refreshExpires, now + options.broker!.accessTokenTtl * SECOND);
}
