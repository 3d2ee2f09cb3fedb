import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { OidcAuthError } from './oidc-auth-error.js';

/** ms in which a line of one kind is written once. */
const QUIET_TIME = 10_000;
const MOST_KINDS = 200;
const LONGEST_VALUE = 200;

/** Errors that were reported: one failed request may fail many callers. */
const reported = new WeakSet<OidcAuthError>();

/**
 * Lines for the person who runs the application; from one part of it at most one of a kind in ten seconds, so that no
 * caller can flood the log. Lines never hold a token, a code or a secret.
 */
export class OperatorLog {
  private readonly logger = new Logger('OidcAuth');
  private readonly recent = new LRUCache<string, { readonly at: number; leftOut: number }>({ max: MOST_KINDS });

  /** Writes the hint of an error, if it has one. */
  report(error: unknown): void {
    if (!(error instanceof OidcAuthError) || error.operatorHint === undefined || reported.has(error)) return;
    reported.add(error);
    // What is said of a token holds values that its sender chose: all such lines are of one kind.
    const isOfToken = error.code.startsWith('token_');
    const line = this.admit(isOfToken ? error.code : error.operatorHint, error.operatorHint);
    if (line === undefined) return;
    if (isOfToken) this.logger.warn(line);
    else this.logger.error(line);
  }

  /** Writes a line about something unexpected. */
  error(line: string): void {
    const admitted = this.admit(line, line);
    if (admitted !== undefined) this.logger.error(admitted);
  }

  /** Writes a line about something that may be all right, and should be seen. */
  warn(line: string): void {
    const admitted = this.admit(line, line);
    if (admitted !== undefined) this.logger.warn(admitted);
  }

  private admit(kind: string, line: string): string | undefined {
    const now = performance.now();
    const last = this.recent.get(kind);
    if (last !== undefined && now - last.at < QUIET_TIME) {
      last.leftOut++;
      return undefined;
    }
    this.recent.set(kind, { at: now, leftOut: 0 });
    return last === undefined || last.leftOut === 0 ? line : `${line} (and ${last.leftOut} more of this kind before)`;
  }
}

/** A value from outside as it may stand in a line: quoted, on one line, of bounded length, without control characters. */
export function quoted(value: unknown): string {
  const text = jsonOf(value).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?');
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** What comes from outside may be nested deeper than anybody can write it down. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return `${typeof value} that cannot be shown`;
  }
}
