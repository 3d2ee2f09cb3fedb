import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import { SingleFlight } from '../../provider/single-flight.js';
import { StoreAccess } from './store-access.js';

/** ms after which the store is asked again, behind the requests. */
const FRESH = 60_000;
/** ms; an answer that took longer says little. */
const SLOW = 500;
/** ms by which the system's clock may move against the monotonic one: more means a sleep, or a clock that was set. */
const JUMP = 1_000;

interface Reading {
  /** What the monotonic clock lacks to the store's. */
  readonly offset: number;
  /** What it lacks to the system's. */
  readonly systemOffset: number;
  readonly at: number;
}

/**
 * The store's clock, kept as an offset to the monotonic clock: processes whose clocks differ by minutes agree on what
 * has expired.
 */
@Injectable()
export class StoreClock extends Clock {
  private reading: Reading | undefined;
  private readonly flight = new SingleFlight<void>();

  constructor(@Inject(StoreAccess) private readonly access: StoreAccess) {
    super();
  }

  /** Until the store has been asked once, the system's clock has to do. */
  override now(): number {
    const { reading } = this;
    if (reading === undefined) return Date.now();
    if (this.isOld(reading)) void this.read().catch(() => undefined);
    return Math.round(performance.now() + reading.offset);
  }

  /** Settles when the store's time is known. @throws {@link OidcAuthError} `store_unavailable` */
  async ready(): Promise<void> {
    if (this.reading === undefined) await this.read();
  }

  private isOld({ at, systemOffset }: Reading): boolean {
    const monotonic = performance.now();
    return monotonic - at > FRESH || Math.abs(Date.now() - monotonic - systemOffset) > JUMP;
  }

  private read(): Promise<void> {
    return this.flight.run(() => this.ask());
  }

  private async ask(): Promise<void> {
    const { now, asked, answered } = await this.access.use(async (store) => {
      const asked = performance.now();
      return { now: await store.now(), asked, answered: performance.now() };
    });
    // Whoever had to wait for a connection knows the time less well than before.
    if (this.reading !== undefined && answered - asked > SLOW) return;
    this.reading = {
      offset: now - (asked + answered) / 2,
      systemOffset: Date.now() - answered,
      at: answered,
    };
  }
}
