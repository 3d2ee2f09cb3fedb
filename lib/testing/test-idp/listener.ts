import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestIdpError } from './errors.js';

/** An HTTP server on loopback that can stop listening and come back on the same port. */
export class Listener {
  readonly #server;
  #port = 0;
  #isClosed = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(handler: RequestListener) {
    this.#server = createServer(handler);
    // No connection is kept: after `down` and `up` a client would find dead ones in its pool, or not, by chance.
    this.#server.maxRequestsPerSocket = 1;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  up(): Promise<void> {
    return this.inTurn(async () => {
      if (this.#isClosed) throw new TestIdpError('This test identity provider is closed: start another one.');
      if (this.#server.listening) return;
      this.#server.listen(this.#port, '127.0.0.1');
      await once(this.#server, 'listening');
      this.#port = (this.#server.address() as AddressInfo).port;
    });
  }

  /** Breaks every connection. */
  down(): Promise<void> {
    return this.inTurn(async () => {
      if (!this.#server.listening) return;
      const closed = once(this.#server, 'close');
      this.#server.close();
      this.#server.closeAllConnections();
      await closed;
    });
  }

  /** For good. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.down();
  }

  /** Who does not wait for `down()` before `up()` would otherwise wait for ever. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
