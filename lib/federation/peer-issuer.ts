import type { JWTPayload } from 'jose';
import type { IssuerJwks } from './issuer-jwks.js';
import type { KnownPeerKeys } from './known-peer-keys.js';
import { quoted } from '../errors/operator-log.js';
import type { ResolvedTrustedIssuer } from '../options/trusted-issuers.js';
import type { VerificationMetadata } from '../provider/provider-answers.js';
import { SingleFlight } from '../provider/single-flight.js';
import type { AcceptedIssuer } from '../verification/accepted-issuer.js';
import { assertAccessToken, isMeantForUs, type AccessTokenHeader } from '../verification/access-token-rules.js';
import { audienceMismatch } from '../verification/issuer-keys.js';
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

  constructor(
    private readonly trusted: ResolvedTrustedIssuer,
    private readonly surroundings: PeerSurroundings,
  ) {
    this.keys = new RemoteKeySet(async () => {
      const askedAt = surroundings.known.now();
      const keys = await surroundings.jwks.fetch(trusted);
      void surroundings.known.remember(trusted.issuer, keys, askedAt);
      return keys;
    });
  }

  get issuer(): string {
    return this.trusted.issuer;
  }

  async metadata(): Promise<VerificationMetadata> {
    const { issuer, algorithms } = this.trusted;
    if (!this.keys.areKnown) await this.warmUp();
    return { issuer, algorithms };
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
    if (!isMeantForUs(claims, audience, clientId)) {
      const accepted = audience.length > 0 ? audience : clientId;
      throw audienceMismatch(
        `its "aud" is ${quoted(claims.aud)}, and of ${quoted(issuer)} (trustedIssuers) only ${quoted(accepted)} is accepted.`,
      );
    }
    return roles === undefined ? claims : withRolesOf(claims, roles, roleSources);
  }

  private async recall(): Promise<void> {
    const known = await this.surroundings.known.recall(this.trusted.issuer);
    if (known === undefined) throw new Error('no keys are kept');
    this.keys.seed(known.keys, known.age);
  }
}
