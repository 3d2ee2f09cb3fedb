import { Inject, Injectable } from '@nestjs/common';
import { LONGEST_ACCESS_TOKEN_TTL } from '../../options/broker-options.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { StoreClock } from '../records/store-clock.js';
import { SigningKeyRecords } from './signing-key-records.js';
import { PUBLISHED_BEFORE_USE } from './signing-key.js';
import { SigningKeys } from './signing-keys.js';

const SECOND = 1_000;
/** ms a superseded key stays published: until the last token it may have signed has expired. */
const PUBLISHED_AFTER_USE = PUBLISHED_BEFORE_USE + LONGEST_ACCESS_TOKEN_TTL * SECOND;

/** How signing keys follow one another: by age, at boot, or because somebody asks for it. */
@Injectable()
export class SigningKeyRotation {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SigningKeys) private readonly keys: SigningKeys,
    @Inject(SigningKeyRecords) private readonly records: SigningKeyRecords,
    @Inject(StoreClock) private readonly clock: StoreClock,
  ) {}

  /**
   * Makes the next key. It is used once verifiers can know it (65 minutes later).
   *
   * With `revoke` it is used at once, and every older one is forgotten: tokens they signed are refused from now on.
   */
  async rotate({ revoke = false }: { revoke?: boolean } = {}): Promise<{ kid: string; activeFrom: Date }> {
    await this.keys.reload();
    const made = await this.records.makeAnother(revoke ? 'revoked' : 'requested');
    if (revoke) await this.records.removeOlderThan(made.generation);
    await this.keys.reload();
    return { kid: made.kid, activeFrom: new Date(made.activeFrom) };
  }

  /** What time brings: a key that has grown old is followed by another, and one that nobody needs is removed. */
  async maintain(): Promise<void> {
    await this.keys.reload();
    const { signingKeyMaxAge } = this.options.broker!;
    const newest = this.keys.list.at(-1);
    const now = this.clock.now();
    if (newest !== undefined && newest.activeFrom <= now && newest.createdAt + signingKeyMaxAge * SECOND <= now) {
      await this.records.makeNext('age');
    }
    const { list } = this.keys;
    for (const [index, key] of list.entries()) {
      const successor = list[index + 1];
      if (successor !== undefined && successor.activeFrom + PUBLISHED_AFTER_USE < now) {
        await this.records.remove(key.generation);
      }
    }
    await this.keys.reload();
  }

  /** Where another algorithm is configured than the newest key has, the next one is made. At boot only. */
  async adoptAlgorithm(): Promise<void> {
    const newest = this.keys.list.at(-1);
    if (newest === undefined || newest.alg === this.options.broker!.signingAlgorithm) return;
    if (newest.activeFrom > this.clock.now()) return;
    await this.records.makeNext('algorithm');
    await this.keys.reload();
  }
}
