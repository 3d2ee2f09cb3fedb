import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { KnownPeerKeys } from './known-peer-keys.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { wasNeverSent } from '../provider/connection-failure.js';
import { outgoingFetch } from '../provider/outgoing-fetch.js';
import { IssuerJwks } from './issuer-jwks.js';
import { PeerIssuer } from './peer-issuer.js';

/** ms from our own start in which a peer that nobody listens for may be starting, too. */
const START_UP_PATIENCE = 30_000;
const START_UP_PAUSE = 500;

/** The option `trustedIssuers`, at work: each issuer with keys of its own, fetched behind the requests. */
@Injectable()
export class TrustedIssuers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly all: readonly PeerIssuer[];
  private readonly closing = new AbortController();
  private patientUntil = Number.NEGATIVE_INFINITY;

  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedOptions, @Inject(KnownPeerKeys) known: KnownPeerKeys) {
    setMaxListeners(0, this.closing.signal);
    const { clientId, roleSources } = options;
    const jwks = new IssuerJwks(
      outgoingFetch(options, this.closing.signal),
      (failure) => !this.closing.signal.aborted && !this.isPerhapsStarting(failure),
    );
    const surroundings = { clientId, roleSources, known, jwks };
    this.all = options.trustedIssuers.map((trusted) => new PeerIssuer(trusted, surroundings));
  }

  /** Ahead of the first token; the application does not wait for it. */
  onApplicationBootstrap(): void {
    this.patientUntil = performance.now() + START_UP_PATIENCE;
    for (const peer of this.all) void this.meet(peer);
  }

  beforeApplicationShutdown(): void {
    this.closing.abort(new Error('the application is closing'));
  }

  /**
   * Applications that trust each other are started at once: who does not listen yet is asked again before a word is
   * said.
   */
  private async meet(peer: PeerIssuer): Promise<void> {
    void peer.warmUp();
    while (!this.closing.signal.aborted) {
      const failure = await peer.keys.warmUp().catch((error: unknown) => error);
      if (!this.isPerhapsStarting(failure)) return;
      await pause(START_UP_PAUSE, undefined, { ref: false, signal: this.closing.signal }).catch(() => undefined);
    }
  }

  private isPerhapsStarting(failure: unknown): boolean {
    return failure instanceof OidcAuthError && wasNeverSent(failure) && performance.now() < this.patientUntil;
  }
}
