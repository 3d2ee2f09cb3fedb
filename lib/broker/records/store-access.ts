import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { OperatorLog } from '../../errors/operator-log.js';
import { SingleFlight } from '../../provider/single-flight.js';
import { BrokerStore } from '../../store/broker-store.js';
import { within } from '../../store/time-limit.js';
import { WatchedBrokerStore } from '../../store/watched-broker-store.js';

/** ms that the application waits for its store when it ends. Refreshes that were under way have been finished before. */
const LONGEST_CLOSE = 10_000;

/** The way to the store: sets it up before its first use, and says what is wrong when it fails. */
@Injectable()
export class StoreAccess implements OnApplicationShutdown {
  private readonly log = new OperatorLog();
  private readonly setup = new SingleFlight<void>();
  private isSetUp = false;

  private readonly store: WatchedBrokerStore | undefined;

  constructor(@Inject(BrokerStore) store: BrokerStore | null) {
    this.store = store === null ? undefined : new WatchedBrokerStore(store);
  }

  /**
   * @throws {@link OidcAuthError} `store_unavailable` where the database fails; `store_misconfigured` where it cannot be
   *   used as it is; `broker_mode_off` in pass-through mode
   */
  async use<T>(work: (store: BrokerStore) => Promise<T>): Promise<T> {
    const { store } = this;
    if (store === undefined) throw brokerModeOff();
    try {
      if (!this.isSetUp) await this.setUp(store);
      return await work(store);
    } catch (error) {
      this.log.report(error);
      throw error;
    }
  }

  /**
   * After everything that uses it has ended. A store that cannot be closed, or never comes to an end with it, keeps nobody
   * else from closing.
   */
  async onApplicationShutdown(): Promise<void> {
    if (this.store === undefined) return;
    const closed = this.store.close().catch((error: unknown) => this.log.report(error));
    // All that can be wrong now is that it takes too long.
    await within(LONGEST_CLOSE, () => closed).catch(() =>
      this.log.warn(
        `The broker store has not closed within ${LONGEST_CLOSE / 1_000} s: the application ends without it.`,
      ),
    );
  }

  private setUp(store: WatchedBrokerStore): Promise<void> {
    return this.setup.run(async () => {
      await store.setup();
      await store.prove(randomUUID());
      this.isSetUp = true;
    });
  }
}

export function brokerModeOff(): OidcAuthError {
  return new OidcAuthError(
    'broker_mode_off',
    'This is possible in broker mode only: set brokerMode: true in the options of OidcAuthModule.',
  );
}
