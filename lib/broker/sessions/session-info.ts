import type { StoredSession } from './session.js';

/** What a program may know of a session. */
export interface SessionInfo {
  /** The session's id, `sid` of its access tokens. */
  readonly sid: string;
  /** The issuer: the identity provider. */
  readonly iss: string;
  /** The subject at the identity provider, whatever `subject` is. */
  readonly sub: string;
  readonly preferred_username?: string;
  /** Granted scopes, separated by spaces. */
  readonly scope?: string;
  /** When the user signed in. */
  readonly createdAt: Date;
  /** When it was last refreshed; until then the same as `createdAt`. */
  readonly refreshedAt: Date;
  /** When it ends if it is not refreshed before. */
  readonly expiresAt: Date;
  /** How many times it has been refreshed. */
  readonly refreshes: number;
}

export function describeSession({ id, value }: Pick<StoredSession, 'id' | 'value'>): SessionInfo {
  const { iss, sub, claims } = value.identity;
  const username = claims['preferred_username'];
  return {
    sid: id,
    iss,
    sub,
    ...(typeof username === 'string' ? { preferred_username: username } : {}),
    ...(value.scope === undefined ? {} : { scope: value.scope }),
    createdAt: new Date(value.createdAt),
    refreshedAt: new Date(value.refreshedAt),
    expiresAt: new Date(value.refreshExpiry),
    refreshes: value.n,
  };
}
