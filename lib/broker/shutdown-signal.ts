import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { shuttingDown } from './sessions/session-errors.js';

/** Lets what must not be cut off come to its end while the application closes, and nothing new begin. */
@Injectable()
export class ShutdownSignal implements OnModuleDestroy {
  private readonly running = new Set<Promise<unknown>>();
  isClosing = false;

  /** Work that the application waits for when it closes. */
  async finish<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const promise = work();
    this.running.add(promise);
    try {
      return await promise;
    } finally {
      this.running.delete(promise);
    }
  }

  /** @throws {@link OidcAuthError} `shutting_down` */
  assertOpen(): void {
    if (this.isClosing) throw shuttingDown();
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    await Promise.allSettled(this.running);
  }
}
