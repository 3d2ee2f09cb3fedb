import { Inject, Injectable } from '@nestjs/common';
import { LOGIN_LIFETIME } from '../../login/login-state.js';
import { randomValue } from '../../sealing/random-value.js';
import { OneTimeUse } from '../../login/one-time-use.js';
import { StoreAccess } from './store-access.js';
import { StoreClock } from './store-clock.js';

/** In the store, as markers: "once" holds for all processes together. */
@Injectable()
export class StoredOneTimeUse extends OneTimeUse {
  constructor(
    @Inject(StoreAccess) private readonly access: StoreAccess,
    @Inject(StoreClock) private readonly clock: StoreClock,
  ) {
    super();
  }

  override async claim(id: string): Promise<boolean> {
    await this.clock.ready();
    const expiresAt = this.clock.now() + (LOGIN_LIFETIME + 60) * 1_000;
    const marker = { version: 1, payload: randomValue(), expiresAt };
    try {
      return await this.access.use((store) => store.insert('marker', id, marker));
    } catch (error) {
      // Nobody knows whether it was written: our own must not look like somebody else's.
      const found = await this.access.use((store) => store.find('marker', id));
      if (found?.payload === marker.payload) return true;
      throw error;
    }
  }

  override async release(id: string): Promise<void> {
    await this.access.use((store) => store.remove('marker', id));
  }
}
