import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on loopback that can stop listening and come back on the same port. */
export class Listener {
  readonly #server;
  #port = 0;

  constructor(handler: RequestListener) {
    this.#server = createServer(handler);
    // No connection is kept: after `down` and `up` a client would find dead ones in its pool, or not, by chance.
    this.#server.maxRequestsPerSocket = 1;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async up(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every connection. */
  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
