import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SigningKeys } from './signing-keys.js';
import { StoreAccess } from './store-access.js';

/** ms between rounds; a little more or less, so that many processes do not meet. */
const INTERVAL = 60_000;
const BATCH = 500;
const MOST_BATCHES = 20;

/** What is done from time to time: expired records are purged, in batches, and signing keys follow one another. */
@Injectable()
export class Upkeep implements OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
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
      INTERVAL + (process.pid % 10_000),
    ).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
  }

  async run(): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES; batch++) {
      if ((await this.access.use((store) => store.purgeExpired(BATCH))) < BATCH) break;
    }
    await this.keys.maintain();
  }
}
