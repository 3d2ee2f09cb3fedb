import { createHash, randomBytes } from 'node:crypto';
import type { OidcAuthErrorCode } from '../../errors/oidc-auth-error.js';
import type { SessionEnd } from '../broker-events.js';
import type { Identity } from './identity.js';
import type { Stored } from '../records/sealed-records.js';

/** One login and all that follows from it: the content of a sealed `grant` record. Times are ms of the store's clock. */
export interface Session {
  /** 32 random bytes, for life: what refresh tokens are computed from. */
  readonly seed: string;
  /** Generation of the current refresh token. */
  readonly n: number;
  /** When the last generations were rotated, the latest last, as far back as the grace period reaches, and a minute at least. */
  readonly rotations: readonly number[];
  readonly createdAt: number;
  readonly refreshedAt: number;
  /** The refresh token ends then if it is not used before. */
  readonly refreshExpiry: number;
  /** The session ends then whatever happens. */
  readonly hardExpiry: number;
  readonly identity: Identity;
  /** The latest ID token of the provider: what tells it whose session a logout means. */
  readonly idToken: string;
  readonly scope: string | undefined;
  /** The provider's refresh token, if it gave one; `id` is new whenever the token is. */
  readonly up: { readonly id: string; readonly token: string; readonly expiresAt?: number | undefined } | null;
  /** Who refreshes at the provider now, and for how long others must not. */
  readonly lease: { readonly by: string; readonly forMs: number } | null;
  /** How an attempt failed, for those who waited for it. */
  readonly last: { readonly by: string; readonly error: OidcAuthErrorCode; readonly message: string } | null;
  /** `up.id` of a token with which a request may have been answered unheard. */
  readonly doubt: string | null;
  /** Why it ended: such a record stays for a moment, for those who are about to write to it. */
  readonly ended: SessionEnd | null;
  /** Names the write this content came by. */
  readonly w: string;
}

export type StoredSession = Stored<Session>;

/** ms for which a session that has ended stays visible to who is about to write to it. */
const TOMBSTONE = 60_000;

/** What is written over a session that ends. @param now ms of the store's clock */
export function tombstoneOf(ended: SessionEnd, now: number) {
  return { ended, lease: null, expiresAt: now + TOMBSTONE };
}

/** The index of a user's sessions. */
export function subjectIndex(iss: string, sub: string): string {
  return indexOf(iss, sub);
}

/** The index of the sessions that belong to one of the provider's. */
export function providerSessionIndex(iss: string, sid: string | undefined): string | undefined {
  return sid === undefined ? undefined : indexOf(iss, sid);
}

function indexOf(iss: string, value: string): string {
  return createHash('sha256').update(iss).update('\0').update(value).digest('base64url');
}

/** A new session id: 16 random bytes. */
export function newSessionId(): string {
  return randomBytes(16).toString('base64url');
}
