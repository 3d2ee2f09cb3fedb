import type { JWK } from 'jose';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog, quoted } from '../errors/operator-log.js';
import { withoutTrailingSlash } from '../options/addresses.js';
import type { SignatureAlgorithm } from '../options/signature-algorithms.js';
import type { ResolvedTrustedIssuer } from '../options/trusted-issuers.js';
import { announcedAlgorithms } from '../provider/announced-algorithms.js';
import { fetchJson, fetchJwks, invalidResponse, type OutgoingFetch } from '../provider/outgoing-fetch.js';
import { usableKeys } from '../verification/verification-key-set.js';

/** What an issuer publishes about the signatures of its tokens. */
export interface PublishedKeys {
  /** JWKs (RFC 7517 §4), their public members alone. */
  readonly keys: readonly JWK[];
  /** `undefined` where its metadata was not asked. */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
}

/** Fetches the keys of trusted issuers, from where the options or their own metadata say. */
export class IssuerJwks {
  private readonly log = new OperatorLog();

  constructor(
    private readonly outgoing: OutgoingFetch,
    /** Whether the operator is to hear of a failure. A request that waits for the keys reports it all the same. */
    private readonly isNews: (failure: unknown) => boolean,
  ) {}

  /**
   * The usable keys, one at least.
   *
   * @throws {@link OidcAuthError} `provider_unreachable`, `provider_invalid_response`, told of this issuer
   */
  async fetch(trusted: ResolvedTrustedIssuer): Promise<PublishedKeys> {
    try {
      const { jwksUri, algorithms } =
        trusted.jwksUri === undefined
          ? await this.discover(trusted.issuer)
          : { jwksUri: trusted.jwksUri, algorithms: undefined };
      const keys = usableKeys(await fetchJwks(this.outgoing, jwksUri));
      return { keys: keys.map(({ jwk }) => jwk), algorithms };
    } catch (error) {
      const failure = peerFailure(trusted, error);
      if (this.isNews(failure)) this.log.report(failure);
      throw failure;
    }
  }

  /** OpenID Connect Discovery §4. */
  private async discover(issuer: string) {
    const url = `${withoutTrailingSlash(issuer)}/.well-known/openid-configuration`;
    const metadata = await fetchJson(this.outgoing, url);
    if (metadata['issuer'] !== issuer) throw invalidResponse(`${url} names another issuer`);
    if (typeof metadata['jwks_uri'] !== 'string') throw invalidResponse(`${url} has no jwks_uri`);
    return { jwksUri: metadata['jwks_uri'], algorithms: announcedAlgorithms(metadata) };
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
