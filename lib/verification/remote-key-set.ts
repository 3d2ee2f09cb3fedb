import { LRUCache } from 'lru-cache';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog } from '../errors/operator-log.js';
import { SingleFlight } from '../provider/single-flight.js';
import { usableKeys } from './verification-key-set.js';
import type { KeySelector, VerificationKey } from './verification-key.js';

/** ms on a clock that never jumps. */
export type MonotonicClock = () => number;

const SECOND = 1_000;
/** Younger than this a key set is used as it is. */
const FRESH = 600 * SECOND;
/** Until this age a key set still serves while its source cannot be reached. */
export const STALE_LIMIT = 86_400 * SECOND;
/** At most one fetch in this time on account of unknown key ids, however many tokens name them. */
const COOLDOWN = 10 * SECOND;
/** A key id that a fetch did not bring causes no further one for this long. */
const UNKNOWN_KID_MEMORY = 60 * SECOND;
const UNKNOWN_KIDS = 1_000;

/**
 * The keys of one issuer (RFC 7517), fetched whole, single-flight, kept and refreshed behind the requests.
 *
 * Differs from jose's remote set where a busy API needs more: a stale set serves while the issuer is down, and a flood
 * of unknown key ids neither reaches the issuer nor slows tokens with known ones.
 */
export class RemoteKeySet {
  private keys: readonly VerificationKey[] = [];
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private lastMissFetchAt = Number.NEGATIVE_INFINITY;
  /** Why the last fetch on account of an unknown key id failed. */
  private missFailure: unknown;
  private readonly unknownKids = new LRUCache<string, number>({ max: UNKNOWN_KIDS });
  private readonly flight: SingleFlight<void>;
  private readonly log = new OperatorLog();

  constructor(
    /** Fetches the JWK Set; rejects with an {@link OidcAuthError} where that fails. */
    private readonly fetchKeys: () => Promise<readonly unknown[]>,
    private readonly now: MonotonicClock = () => performance.now(),
    /** ms for which a fetched set is used as it is. */
    private readonly fresh = FRESH,
  ) {
    this.flight = new SingleFlight(now);
  }

  /** Fetches the keys ahead of the first token. */
  async warmUp(): Promise<void> {
    if (this.age() >= this.fresh) await this.refresh();
  }

  /** Whether there ever were any. */
  get areKnown(): boolean {
    return this.fetchedAt !== Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes over keys that were fetched some time ago (ms) by somebody who kept them, unless there are any.
   *
   * @throws {@link OidcAuthError} `provider_invalid_response` where none of them is usable
   */
  seed(jwks: readonly unknown[], age: number): void {
    if (this.areKnown || age >= STALE_LIMIT) return;
    this.replaceBy(usableKeys(jwks));
    this.fetchedAt = this.now() - age;
  }

  /** Fetches the keys although those at hand are fresh: somebody knows that they have changed. */
  async reload(): Promise<void> {
    // What is under way may have been asked before the change.
    if (this.flight.busy) await this.refresh().catch(() => undefined);
    await this.refresh();
  }

  /** Whether the keys may still be relied on; where they are no longer fresh, asks for new ones behind the request. */
  mayServe(): boolean {
    const age = this.age();
    if (age >= this.fresh) void this.refresh().catch(() => undefined);
    return age < STALE_LIMIT;
  }

  /**
   * The keys that may have signed a token with this header: one, unless the issuer publishes keys without ids.
   *
   * @param isOurs asked before a fetch on account of an unknown key, so that tokens of other issuers cause none
   * @throws {@link OidcAuthError} `token_key_unknown`; `provider_unreachable` and the like where no keys can be had
   */
  async find(selector: KeySelector, isOurs: () => boolean): Promise<readonly VerificationKey[]> {
    if (!this.mayServe()) await this.refresh();

    const known = this.matching(selector);
    if (known.length > 0) return known;
    if (isOurs() && this.mayFetchFor(selector.kid)) {
      if (!this.flight.busy) this.lastMissFetchAt = this.now();
      this.missFailure = await this.refresh().then(
        () => undefined,
        (error: unknown) => error,
      );
      const found = this.matching(selector);
      if (found.length > 0) return found;
      if (selector.kid !== undefined && this.missFailure === undefined) this.unknownKids.set(selector.kid, this.now());
    }
    // Nobody knows whether the key exists while it cannot be asked for.
    throw this.missFailure ?? unknownKey();
  }

  /**
   * The same for a token that came from the issuer itself: nobody else can cause a fetch by it, so nobody else's tokens
   * can hold one up.
   */
  async findForIssued(selector: KeySelector): Promise<readonly VerificationKey[]> {
    if (!this.mayServe() || this.matching(selector).length === 0) await this.refresh();
    const found = this.matching(selector);
    if (found.length === 0) throw unknownKey();
    return found;
  }

  private matching(selector: KeySelector): readonly VerificationKey[] {
    return this.keys.filter((key) => key.fits(selector));
  }

  private mayFetchFor(kid: string | undefined): boolean {
    const remembered = kid === undefined ? undefined : this.unknownKids.get(kid);
    if (remembered !== undefined && this.now() - remembered < UNKNOWN_KID_MEMORY) return false;
    return this.flight.busy || this.now() - this.lastMissFetchAt >= COOLDOWN;
  }

  private refresh(): Promise<void> {
    return this.flight.run(async () => {
      this.replaceBy(this.usable(await this.fetchKeys()));
      this.fetchedAt = this.now();
      this.missFailure = undefined;
      this.unknownKids.clear();
    });
  }

  /** Behind a request nobody else would tell the operator. */
  private usable(jwks: readonly unknown[]): readonly VerificationKey[] {
    try {
      return usableKeys(jwks);
    } catch (error) {
      this.log.report(error);
      throw error;
    }
  }

  /** Keeps the objects of keys that stay, so that what was verified with them stays valid. */
  private replaceBy(fetched: readonly VerificationKey[]): void {
    const current = new Map(this.keys.map((key) => [key.identity, key]));
    const distinct = new Map(fetched.map((key) => [key.identity, key]));
    this.keys = [...distinct.values()].map((key) => current.get(key.identity) ?? key);
    const kept = new Set(this.keys);
    for (const key of current.values()) key.retired = !kept.has(key);
  }

  private age(): number {
    return this.now() - this.fetchedAt;
  }
}

function unknownKey(): OidcAuthError {
  return new OidcAuthError('token_key_unknown', 'The token is signed by a key that its issuer does not publish.');
}
