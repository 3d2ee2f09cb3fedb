/** What a record is: a signing key, a session, a peer's key set, or a one-time value. */
export type BrokerRecordKind = 'key' | 'grant' | 'peer' | 'marker';

/** A versioned, opaque record. Its payload is sealed above the store. */
export interface BrokerRecord {
  readonly version: number;
  readonly payload: string;
  /** End of life in ms of the store's clock. */
  readonly expiresAt: number;
  /** Hash of issuer and subject, to find a user's sessions. */
  readonly subject?: string | undefined;
  /** Hash of issuer and the identity provider's session id. */
  readonly sid?: string | undefined;
}

/** The index fields records can be selected by; `{}` selects all of a kind. */
export type BrokerRecordFilter = Partial<Pick<BrokerRecord, 'subject' | 'sid'>>;

/**
 * Where broker mode keeps its sealed records, and the DI token under which the store is injected (`null` in
 * pass-through mode, which stores nothing).
 *
 * A store keeps versioned records and promises atomicity; what the records mean is not its concern.
 */
export abstract class BrokerStore {
  /** Makes tables or indexes. Idempotent, and safe when many processes call it at once. */
  abstract setup(): Promise<void>;
  /** Releases what the store itself opened. Idempotent. */
  abstract close(): Promise<void>;
  /** Rejects when the database cannot be reached. */
  abstract ping(): Promise<void>;
  /** The store's clock in ms since the epoch; every expiry is judged by it. */
  abstract now(): Promise<number>;
  /** `true` for exactly one of any number of concurrent callers; an expired leftover does not block. */
  abstract insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean>;
  /** Never an expired record; sees every acknowledged write. */
  abstract find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null>;
  /** Compare-and-swap by `version` in one statement; absent is `false`; a rejection means the outcome is unknown. */
  abstract replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean>;
  /** `true` for exactly one concurrent caller. */
  abstract remove(kind: BrokerRecordKind, id: string): Promise<boolean>;
  abstract list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    page: { after?: string | undefined; limit: number },
  ): Promise<readonly (BrokerRecord & { readonly id: string })[]>;
  abstract removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number>;
  /** Removes at most `limit` expired records and says how many. */
  abstract purgeExpired(limit: number): Promise<number>;
}
