import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { OperatorLog, quoted } from '../../errors/operator-log.js';
import { plainCause } from '../../errors/plain-cause.js';
import { SingleFlight } from '../../provider/single-flight.js';
import { BrokerStore } from '../../store/broker-store.js';
import { WatchedBrokerStore } from '../../store/watched-broker-store.js';

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
      const ours = error instanceof OidcAuthError ? error : unavailable(error);
      this.log.report(ours);
      throw ours;
    }
  }

  /** After everything that uses it has ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.store?.close();
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

function unavailable(cause: unknown): OidcAuthError {
  const { name, message, code } = plainCause(cause) as Error & { code?: unknown };
  const what = typeof code === 'string' ? `${name} ${code}` : name;
  return new OidcAuthError('store_unavailable', 'The sessions of this application cannot be reached at the moment.', {
    cause: plainCause(cause),
    retryAfter: 5,
    operatorHint: `The broker store failed (${what}): ${quoted(message)}`,
  });
}
