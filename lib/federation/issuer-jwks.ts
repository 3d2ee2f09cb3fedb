import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog, quoted } from '../errors/operator-log.js';
import { withoutTrailingSlash } from '../options/addresses.js';
import type { ResolvedTrustedIssuer } from '../options/trusted-issuers.js';
import { fetchJson, fetchJwks, invalidResponse, type OutgoingFetch } from '../provider/outgoing-fetch.js';

/** Fetches the keys of trusted issuers, from where the options or their own metadata say. */
export class IssuerJwks {
  private readonly log = new OperatorLog();

  constructor(
    private readonly outgoing: OutgoingFetch,
    /** Whether the operator is to hear of a failure. A request that waits for the keys reports it all the same. */
    private readonly isNews: (failure: unknown) => boolean,
  ) {}

  /**
   * JWKs (RFC 7517 §5), as they are.
   *
   * @throws {@link OidcAuthError} `provider_unreachable`, `provider_invalid_response`, told of this issuer
   */
  async fetch(trusted: ResolvedTrustedIssuer): Promise<readonly unknown[]> {
    try {
      return await fetchJwks(this.outgoing, trusted.jwksUri ?? (await this.discover(trusted.issuer)));
    } catch (error) {
      const failure = peerFailure(trusted, error);
      if (this.isNews(failure)) this.log.report(failure);
      throw failure;
    }
  }

  /** OpenID Connect Discovery §4. */
  private async discover(issuer: string): Promise<string> {
    const url = `${withoutTrailingSlash(issuer)}/.well-known/openid-configuration`;
    const metadata = await fetchJson(this.outgoing, url);
    if (metadata['issuer'] !== issuer) throw invalidResponse(`${url} names another issuer`);
    if (typeof metadata['jwks_uri'] !== 'string') throw invalidResponse(`${url} has no jwks_uri`);
    return metadata['jwks_uri'];
  }
}

/** The same error, told of a trusted issuer. */
function peerFailure({ issuer }: ResolvedTrustedIssuer, error: unknown): unknown {
  if (!(error instanceof OidcAuthError)) return error;
  const { code, cause, retryAfter } = error;
  return new OidcAuthError(code, 'The issuer of the token cannot be asked for its keys at the moment.', {
    cause,
    retryAfter,
    operatorHint: `The keys of the trusted issuer ${quoted(issuer)} cannot be had: ${error.operatorHint ?? error.message}`,
  });
}
