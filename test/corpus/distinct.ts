import { createHash } from 'node:crypto';

/** Counts different tokens. */
export class Distinct {
  private readonly seen = new Set<string>();

  /** @param isSignedAnew no two signatures of ECDSA are alike, so that what they are over is counted */
  constructor(private readonly isSignedAnew: boolean) {}

  add(token: string): void {
    const counted = this.isSignedAnew ? token.split('.', 2).join('.') : token;
    this.seen.add(createHash('sha256').update(counted).digest('base64'));
  }

  get size(): number {
    return this.seen.size;
  }
}
