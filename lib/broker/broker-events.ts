import { Inject, Injectable, Logger } from '@nestjs/common';
import { quoted } from '../errors/operator-log.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';

/** Why a session ended before its time. */
export type SessionEnd =
  /** The user logged out. */
  | 'logout'
  /** The application ended it (`TokenBroker.endSession`, `endAll`). */
  | 'revoked'
  /** A refresh token was used again after its grace period: somebody else may hold it. */
  | 'reuse_detected'
  /** The identity provider says that its refresh token is not valid any more. */
  | 'upstream_ended'
  /** The same, after an answer of the provider may have been lost. */
  | 'upstream_lost'
  /** The identity provider answered for another user. */
  | 'subject_changed';

/** Why a signing key was made. */
export type KeyRotationReason =
  /** There was none. */
  | 'first'
  /** The last one was older than `signingKeyMaxAge`. */
  | 'age'
  /** `TokenBroker.rotateSigningKey()`. */
  | 'requested'
  /** The same with `revoke`. */
  | 'revoked'
  /** `signingAlgorithm` had changed. */
  | 'algorithm'
  /** No key of the ring (`encryptionKeys`) opened any of those there were. */
  | 'unreadable';

/** How an access token was come by. */
export type MintingReason =
  /** Somebody signed in, by a code or the device flow. */
  | 'login'
  | 'refresh'
  /** A refresh token was presented again within the grace period. */
  | 'replay'
  /** RFC 8693. */
  | 'token_exchange'
  /** `TokenBroker.mint`. */
  | 'program';

/**
 * What broker mode tells `onEvent`. Events hold ids and reasons, never a token, a key or a profile. `sid` is the id of
 * a session of this application, `jti` that of an access token.
 */
export type BrokerEvent =
  /** Somebody signed in: a session of his own began. */
  | { readonly type: 'login'; readonly sid: string; readonly iss: string; readonly sub: string }
  /** An access token was issued. */
  | {
      readonly type: 'minted';
      readonly reason: MintingReason;
      readonly jti: string;
      readonly sub: string;
      readonly sid?: string;
    }
  /** A refresh token was rotated; `generation` is the number of the new one. */
  | { readonly type: 'refreshed'; readonly sid: string; readonly generation: number }
  /** A refresh token was presented again within the grace period, and its successor repeated. */
  | { readonly type: 'replayed'; readonly sid: string; readonly generation: number }
  /** A refresh token was presented again after the grace period; its session has ended. */
  | { readonly type: 'reuse_detected'; readonly sid: string; readonly generation: number }
  /** A session ended before its time. */
  | { readonly type: 'ended'; readonly sid: string; readonly reason: SessionEnd }
  /** The provider's token was refreshed; `rotated`: it sent another refresh token. */
  | { readonly type: 'upstream_refreshed'; readonly sid: string; readonly rotated: boolean }
  /** The provider did not refresh its token; `error` is the code of an `OidcAuthError`. */
  | { readonly type: 'upstream_failed'; readonly sid: string; readonly error: string }
  /** A refresh waited for one that was under way, in this process or another, instead of asking the provider. */
  | { readonly type: 'upstream_joined'; readonly sid: string }
  /** The provider refuses its token after an answer may have been lost; the session has ended. */
  | { readonly type: 'upstream_lost'; readonly sid: string }
  /** A signing key was made; `generation` is its number. */
  | {
      readonly type: 'key_rotated';
      readonly kid: string;
      readonly generation: number;
      readonly reason: KeyRotationReason;
    }
  /** A stored record does not open with any key of the ring. It is kept. */
  | { readonly type: 'record_unreadable'; readonly kind: string; readonly id: string };

/** What an operator should see without asking for it; all else is for those who debug. */
const WARNINGS: ReadonlySet<BrokerEvent['type']> = new Set(['reuse_detected', 'upstream_lost', 'record_unreadable']);
const NEWS: ReadonlySet<BrokerEvent['type']> = new Set(['key_rotated']);

/** What the facts of an event do not say by themselves. */
const REMARKS: Partial<Record<BrokerEvent['type'], string>> = {
  record_unreadable: ' (of another provider, client, issuer or key ring)',
};

/** Names of users come from outside. */
function readable(value: unknown): string {
  const text = String(value);
  return /^[\w.:@/-]{1,200}$/.test(text) ? text : quoted(value);
}

/** Tells the application, and the log, what happens. */
@Injectable()
export class BrokerEvents {
  private readonly logger = new Logger('OidcAuth');

  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions) {}

  emit(event: BrokerEvent): void {
    this.log(event);
    const { onEvent } = this.options.broker ?? {};
    if (onEvent === undefined) return;
    // A listener that fails must not fail what it listens to.
    void (async () => onEvent(event))().catch((error: unknown) => {
      const name = error instanceof Error ? error.name : 'not an error';
      this.logger.error(`onEvent failed at the event ${event.type}: ${name}`);
    });
  }

  private log({ type, ...facts }: BrokerEvent): void {
    const level = WARNINGS.has(type) ? 'warn' : NEWS.has(type) ? 'log' : 'debug';
    if (!Logger.isLevelEnabled(level)) return;
    const words = Object.entries(facts).map(([name, value]) => `${name}=${readable(value)}`);
    this.logger[level](`${type.replaceAll('_', ' ')}: ${words.join(' ')}${REMARKS[type] ?? ''}`);
  }
}
