import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { LOGIN_LIFETIME } from './login-state.js';

/** Remembers which one-time values were used. Where it is kept decides how far "once" reaches. */
export abstract class OneTimeUse {
  /** `true` for the first caller only. */
  abstract claim(id: string): Promise<boolean>;
  /** Takes a claim back, where the value turned out not to have been used. */
  abstract release(id: string): Promise<void>;
}

const MOST_VALUES = 50_000;

/**
 * In the memory of this process: enough in pass-through mode, where the provider redeems a code only once and a
 * browser's cookie ends with its login.
 */
@Injectable()
export class InMemoryOneTimeUse extends OneTimeUse {
  private readonly used = new LRUCache<string, true>({ max: MOST_VALUES, ttl: (LOGIN_LIFETIME + 60) * 1_000 });

  override async claim(id: string): Promise<boolean> {
    if (this.used.has(id)) return false;
    this.used.set(id, true);
    return true;
  }

  override async release(id: string): Promise<void> {
    this.used.delete(id);
  }
}
