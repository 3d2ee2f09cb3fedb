/** What a record is: a signing key, a session, a peer's key set, or a one-time value. */
export type BrokerRecordKind = 'key' | 'grant' | 'peer' | 'marker';

/** A versioned, opaque record. Its payload is sealed above the store. An index field that it has not is left out. */
export interface BrokerRecord {
  /** 1 when inserted, one more at each replacement. The store writes the one it is given. */
  readonly version: number;
  /** Sealed where it means anything; ASCII, up to some 100,000 characters. */
  readonly payload: string;
  /** End of life in ms of the store's clock. */
  readonly expiresAt: number;
  /** Hash of issuer and subject, to find a user's sessions: base64url, 43 characters. */
  readonly subject?: string;
  /** Hash of issuer and the identity provider's session id: base64url, 43 characters. */
  readonly sid?: string;
}

/** A record together with its id. */
export type IdentifiedBrokerRecord = BrokerRecord & { readonly id: string };

/** The index fields records can be selected by; `{}` selects all of a kind. */
export interface BrokerRecordFilter {
  readonly subject?: string | undefined;
  readonly sid?: string | undefined;
}

/** A part of a list, in the order of ids. */
export interface BrokerRecordPage {
  /** Only records with a greater id. */
  readonly after?: string | undefined;
  /** At most so many, 1 to 1,000. */
  readonly limit: number;
}

/**
 * Where broker mode keeps its sealed records, and the DI token under which the store is injected (`null` in
 * pass-through mode, which stores nothing).
 *
 * A store keeps versioned records and promises atomicity; what the records mean is not its concern. Records are known by
 * kind and id together; ids are 1 to 64 characters of `A-Z a-z 0-9 - _`, and are case-sensitive.
 *
 * A method that cannot tell whether it has succeeded rejects, within some seconds also where the database hangs, and must
 * not retry on its own: a retry could meet its own write and report `false`. It may where the database says that nothing
 * was done (a deadlock, a lock not obtained), or recognises the repetition and returns the first outcome.
 *
 * What rejects is taken for a database that is away, and tried again at the next use; the application starts without it. A
 * store that cannot work as it is set up throws an `OidcAuthError` `store_misconfigured` from `setup`: that keeps the
 * application from starting, and its text says why.
 */
export abstract class BrokerStore {
  /**
   * Makes tables or indexes, and records the version of their schema. Called before anything else. Idempotent, and safe
   * when many processes call it at once.
   */
  abstract setup(): Promise<void>;
  /**
   * Releases what the store itself opened, and nothing that it was given. Idempotent. Called once when the application
   * ends, after the last use, and waited for 10 s.
   */
  abstract close(): Promise<void>;
  /** Rejects where the database cannot be reached. For health checks of the application: the library does not call it. */
  abstract ping(): Promise<void>;
  /** The store's clock in ms since the epoch, whole; every expiry is judged by it. One clock for all processes. */
  abstract now(): Promise<number>;
  /**
   * Writes a record that does not exist.
   *
   * @returns `true` for exactly one of any number of concurrent callers. A record that has expired does not count as
   *   existing, whether it has been purged or not
   */
  abstract insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean>;
  /** Never an expired record. Sees every write that was acknowledged, by whichever process. */
  abstract find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null>;
  /**
   * Compare-and-swap, in one statement: writes all fields of `record` (index fields it has not are cleared) if the stored
   * record has this `version` and has not expired.
   *
   * @returns `false` where it has another version, has expired or is absent
   */
  abstract replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean>;
  /** @returns `true` for exactly one concurrent caller, `false` where there is none or it has expired */
  abstract remove(kind: BrokerRecordKind, id: string): Promise<boolean>;
  /** Records that have not expired, in the order of their ids (by code unit). */
  abstract list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    page: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]>;
  /**
   * Records that have not expired; those that have are left to the purge. For sessions that the provider ends
   * (OpenID Connect Back-Channel Logout): the library does not call it yet.
   *
   * @returns how many were removed
   */
  abstract removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number>;
  /** Removes at most `limit` (1 to 1,000) expired records, of all kinds, and says how many. */
  abstract purgeExpired(limit: number): Promise<number>;
}
