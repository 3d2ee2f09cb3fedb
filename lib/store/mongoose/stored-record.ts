import type { mongo } from 'mongoose';
import type { BrokerRecord, BrokerRecordFilter, BrokerRecordKind, BrokerRecordPage } from '../broker-store.js';

/** A record as it lies in the collection. What a record has not is left out, so that the indexes need not hold it. */
export interface StoredRecord {
  /** `<kind>:<id>`: unique by nature, and in the order of ids within a kind. */
  readonly _id: string;
  readonly version: number;
  readonly payload: string;
  /** Not a date, as those end before whole numbers do. */
  readonly expiresAt: number;
  /** When the server removes it by itself; left out where that is no date. */
  readonly purgeAt?: Date;
  readonly subject?: string;
  readonly sid?: string;
  /** Random: tells who has inserted it. Gone once it is replaced. */
  readonly insertion?: string;
}

/**
 * ms after its end until the server removes what no purge has: where no process runs any more. Long enough for a server
 * whose clock is ahead of the others' by some minutes.
 */
const PURGE_DELAY = 3_600_000;
/** The last ms that is a date. */
const LAST_DATE = 8_640_000_000_000_000;

const now = { $toLong: '$$NOW' };

/** True for what is not there, too: of all values a missing one is the least. */
export const HAS_EXPIRED = { $lte: ['$expiresAt', now] };

const HAS_NOT_EXPIRED = { $gt: ['$expiresAt', now] };

/** What was said about the insertion is nobody's concern, and dates are for the server. */
export const RECORD_FIELDS = { version: 1, payload: 1, expiresAt: 1, subject: 1, sid: 1 } as const;

export function keyOf(kind: BrokerRecordKind, id: string): string {
  return `${kind}:${id}`;
}

/** Judged by the server's clock, as all that asks for records that live. */
export function living(filter: mongo.Filter<StoredRecord>): mongo.Filter<StoredRecord> {
  return { ...filter, $expr: HAS_NOT_EXPIRED };
}

export function selected(
  kind: BrokerRecordKind,
  { subject, sid }: BrokerRecordFilter,
  after: BrokerRecordPage['after'] = '',
): mongo.Filter<StoredRecord> {
  return living({
    // Every id is greater than the empty string, and ";" is the character after ":".
    _id: { $gt: keyOf(kind, after), $lt: `${kind};` },
    ...(subject === undefined ? {} : { subject }),
    ...(sid === undefined ? {} : { sid }),
  });
}

/** All that may have expired at this time of the server. */
export function purgeableAt(time: number): mongo.Filter<StoredRecord> {
  return { purgeAt: { $lte: new Date(time + PURGE_DELAY) } };
}

export function fieldsOf({ version, payload, expiresAt, subject, sid }: BrokerRecord): Omit<StoredRecord, '_id'> {
  const purgeAt = Math.max(expiresAt, 0) + PURGE_DELAY;
  return {
    version,
    payload,
    expiresAt,
    ...(purgeAt > LAST_DATE ? {} : { purgeAt: new Date(purgeAt) }),
    ...(subject === undefined ? {} : { subject }),
    ...(sid === undefined ? {} : { sid }),
  };
}

export function recordOf({ version, payload, expiresAt, subject, sid }: StoredRecord): BrokerRecord {
  return {
    version,
    payload,
    expiresAt,
    ...(subject === undefined ? {} : { subject }),
    ...(sid === undefined ? {} : { sid }),
  };
}

export function idOf({ _id }: StoredRecord): string {
  return _id.slice(_id.indexOf(':') + 1);
}
