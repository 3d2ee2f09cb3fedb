import { randomInt } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SigningKeyRotation } from './issuing/signing-key-rotation.js';
import { StoreAccess } from './records/store-access.js';

/** ms from one round to the next. */
const INTERVAL = 30_000;
/** ms, at random: many processes do not meet. */
const SPREAD = 5_000;
const BATCH = 500;
/** ms after which a round leaves the rest to the next. */
const LONGEST_PURGE = 20_000;

/** What is done from time to time: expired records are purged, in batches, and signing keys follow one another. */
@Injectable()
export class Upkeep implements OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;
  private round: Promise<void> = Promise.resolve();

  constructor(
    @Inject(StoreAccess) private readonly access: StoreAccess,
    @Inject(SigningKeyRotation) private readonly rotation: SigningKeyRotation,
  ) {}

  start(): void {
    if (this.isClosing) return;
    const pause = INTERVAL + randomInt(SPREAD);
    this.timer = setTimeout(() => {
      // What fails has been told to the operator, and is tried again in the next round.
      this.round = this.run()
        .catch(() => undefined)
        .then(() => this.start());
    }, pause).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    clearTimeout(this.timer);
    await this.round;
  }

  async run(): Promise<void> {
    // Also how soon another process's emergency rotation is noticed: it does not wait for the purge.
    await this.rotation.maintain();
    const end = performance.now() + LONGEST_PURGE;
    while (!this.isClosing && performance.now() < end) {
      if ((await this.access.use((store) => store.purgeExpired(BATCH))) < BATCH) break;
    }
  }
}
