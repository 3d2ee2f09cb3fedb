import { randomUUID } from 'node:crypto';

/** Somebody's login at the provider, which other applications and later logins of the browser share. */
export interface Session {
  /** Value of the browser's cookie. */
  readonly id: string;
  /** The name tests call them. */
  readonly user: string;
  /** `sid` of tokens. */
  readonly sid: string;
  /** Seconds since the epoch. */
  readonly authTime: number;
  /** Client ids of those who have got tokens. */
  readonly clients: Set<string>;
}

/** What one client was granted by one login: the family of all its tokens. */
export interface Grant {
  readonly clientId: string;
  /** Left out where a client acts for itself. */
  readonly session?: Session | undefined;
  readonly scope: readonly string[];
  /** No token of the family counts any more. */
  ended: boolean;
}

interface Expiring {
  readonly grant: Grant;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

export interface Code extends Expiring {
  readonly redirectUri: string;
  readonly nonce: string | undefined;
  readonly challenge: string | undefined;
  used: boolean;
}

export interface RefreshToken extends Expiring {
  used: boolean;
}

/** Of tokens that were issued to a client, and of those minted for a test. */
export interface AccessToken {
  readonly claims: Readonly<Record<string, unknown>>;
  /** Left out where one was minted for somebody the provider does not know. */
  readonly grant?: Grant | undefined;
  revoked: boolean;
}

export interface IdToken {
  readonly grant: Grant;
}

export interface Device {
  readonly userCode: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  /** ms since the epoch. */
  readonly expiresAt: number;
  /** Seconds. */
  interval: number;
  /** ms since the epoch. */
  polledAt?: number;
  decision?: 'denied' | 'redeemed' | Grant;
}

/** All that the provider remembers, by the token or code it is found by. */
export class Records {
  readonly sessions = new Map<string, Session>();
  readonly codes = new Map<string, Code>();
  readonly refreshTokens = new Map<string, RefreshToken>();
  readonly accessTokens = new Map<string, AccessToken>();
  readonly idTokens = new Map<string, IdToken>();
  readonly devices = new Map<string, Device>();
  readonly grants = new Set<Grant>();

  /** A login that happens now. */
  newSession(user: string, now: number, sid: string = randomUUID()): Session {
    const authTime = Math.floor(now / 1_000);
    const session = { id: randomUUID(), user, sid, authTime, clients: new Set<string>() };
    this.sessions.set(session.id, session);
    return session;
  }

  newGrant(granted: Pick<Grant, 'clientId' | 'session' | 'scope'>): Grant {
    const grant = { ...granted, ended: false };
    this.grants.add(grant);
    return grant;
  }

  /** Ends what a session has granted, but for what was to outlive it (Back-Channel Logout §2.7). */
  endSession(session: Session): void {
    this.sessions.delete(session.id);
    for (const grant of this.grants) {
      if (grant.session === session && !grant.scope.includes('offline_access')) grant.ended = true;
    }
  }
}
