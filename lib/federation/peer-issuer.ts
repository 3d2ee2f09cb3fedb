import type { JWTPayload } from 'jose';
import type { IssuerJwks, PublishedKeys } from './issuer-jwks.js';
import type { KnownPeerKeys } from './known-peer-keys.js';
import { quoted } from '../errors/operator-log.js';
import { SIGNATURE_ALGORITHMS } from '../options/signature-algorithms.js';
import type { ResolvedTrustedIssuer } from '../options/trusted-issuers.js';
import type { VerificationMetadata } from '../provider/provider-answers.js';
import { SingleFlight } from '../provider/single-flight.js';
import type { AcceptedIssuer } from '../verification/accepted-issuer.js';
import { assertAccessToken, audienceMismatch, type AccessTokenHeader } from '../verification/access-token-rules.js';
import { isInAudience } from '../verification/registered-claims.js';
import { RemoteKeySet } from '../verification/remote-key-set.js';
import { withRolesOf } from './peer-claims.js';

/** What all trusted issuers have in common here. */
export interface PeerSurroundings {
  /** The client of this application at its own provider. */
  readonly clientId: string;
  readonly roleSources: readonly string[];
  readonly known: KnownPeerKeys;
  readonly jwks: IssuerJwks;
}

/** Another application, or another identity provider, whose access tokens are accepted. Its keys are its own alone. */
export class PeerIssuer implements AcceptedIssuer {
  readonly keys: RemoteKeySet;
  private readonly recalling = new SingleFlight<void>();
  /** As it said last. */
  private announced: PublishedKeys['algorithms'];

  constructor(
    private readonly trusted: ResolvedTrustedIssuer,
    private readonly surroundings: PeerSurroundings,
  ) {
    this.keys = new RemoteKeySet(async () => {
      const askedAt = surroundings.known.now();
      const published = await surroundings.jwks.fetch(trusted);
      this.announced = published.algorithms;
      void surroundings.known.remember(trusted.issuer, published, askedAt);
      return published.keys;
    });
  }

  get issuer(): string {
    return this.trusted.issuer;
  }

  async metadata(): Promise<VerificationMetadata> {
    const { issuer, algorithms } = this.trusted;
    // Also renews what is announced, lest tokens signed by an algorithm that is new there be refused for ever.
    if (!this.keys.mayServe()) await this.warmUp();
    return { issuer, algorithms: algorithms ?? this.announced ?? SIGNATURE_ALGORITHMS };
  }

  /** Asks the issuer and the store for keys, and waits for the quicker. What goes wrong has been told where it did. */
  async warmUp(): Promise<void> {
    const recalled = this.recalling.run(() => this.recall());
    await Promise.any([recalled, this.keys.warmUp()]).catch(() => undefined);
  }

  admit(header: AccessTokenHeader, claims: JWTPayload): JWTPayload {
    const { kind, audience, roles, issuer } = this.trusted;
    const { clientId, roleSources } = this.surroundings;
    // A broker signs access tokens with these keys and nothing else, and may have the client's name for an audience.
    assertAccessToken(header, claims, kind === 'broker' ? undefined : clientId);
    if (!audience.some((name) => isInAudience(claims.aud, name))) {
      throw audienceMismatch(
        `its "aud" is ${quoted(claims.aud)}, and of ${quoted(issuer)} (trustedIssuers) only ${quoted(audience)} is accepted.`,
      );
    }
    return roles === undefined ? claims : withRolesOf(claims, roles, roleSources);
  }

  private async recall(): Promise<void> {
    const known = await this.surroundings.known.recall(this.trusted.issuer);
    if (known === undefined) throw new Error('no keys are kept');
    if (this.keys.areKnown) return;
    this.keys.seed(known.published.keys, known.age);
    if (this.keys.areKnown) this.announced = known.published.algorithms;
  }
}
