import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

const QUIET_TIME = 60_000;
const LONGEST_VALUE = 200;

/**
 * Lines for the person who runs the application. A line that comes again within a minute is left out, so that no
 * caller can flood the log. Lines never hold a token, a code or a secret.
 */
export class OperatorLog {
  private readonly logger: Logger;
  private readonly recent = new LRUCache<string, number>({ max: 200 });

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  log(line: string): void {
    this.once(line, () => this.logger.log(line));
  }

  warn(line: string): void {
    this.once(line, () => this.logger.warn(line));
  }

  error(line: string): void {
    this.once(line, () => this.logger.error(line));
  }

  private once(line: string, write: () => void): void {
    const now = performance.now();
    const last = this.recent.get(line);
    if (last !== undefined && now - last < QUIET_TIME) return;
    this.recent.set(line, now);
    write();
  }
}

/** A value from outside as it may stand in a line: quoted, on one line, of bounded length. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
