import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SigningKeys } from './signing-keys.js';
import { StoreAccess } from './store-access.js';

/** ms between rounds; a little more, so that many processes do not meet. */
const INTERVAL = 30_000;
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
    @Inject(SigningKeys) private readonly keys: SigningKeys,
  ) {}

  start(): void {
    this.timer = setInterval(
      () => {
        // What fails has been told to the operator, and is tried again in the next round.
        this.round = this.run().catch(() => undefined);
      },
      INTERVAL + (process.pid % 5_000),
    ).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.timer);
    await this.round;
  }

  async run(): Promise<void> {
    const end = performance.now() + LONGEST_PURGE;
    while (!this.isClosing && performance.now() < end) {
      if ((await this.access.use((store) => store.purgeExpired(BATCH))) < BATCH) break;
    }
    await this.keys.maintain();
  }
}
