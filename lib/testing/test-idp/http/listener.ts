import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestIdpError } from '../errors.js';
import { inUrl } from '../options/rules.js';

/** Where a provider listens. */
export interface Place {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Whether it keeps the process alive while it listens. What is connected always does. */
  readonly keepsAlive: boolean;
}

/** An HTTP server that can stop listening and come back on the same port. */
export class Listener {
  readonly #server;
  readonly #place: Place;
  #port: number;
  #isClosed = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(handler: RequestListener, place: Place) {
    this.#place = place;
    this.#port = place.port;
    this.#server = createServer(handler);
    // No connection is kept: after `down` and `up` a client would find dead ones in its pool, or not, by chance.
    this.#server.maxRequestsPerSocket = 1;
  }

  get origin(): string {
    return new URL(`http://${inUrl(this.#place.host)}:${this.#port}`).origin;
  }

  assertOpen(): void {
    if (this.#isClosed) throw new TestIdpError('This test identity provider is closed: start another one.');
  }

  up(): Promise<void> {
    return this.inTurn(async () => {
      this.assertOpen();
      if (this.#server.listening) return;
      await this.listen();
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

  private async listen(): Promise<void> {
    const { host, keepsAlive } = this.#place;
    try {
      this.#server.listen(this.#port, host);
      await once(this.#server, 'listening');
    } catch (error) {
      throw notListening(error as NodeJS.ErrnoException, host, this.#port);
    }
    if (!keepsAlive) this.#server.unref();
  }

  /** Who does not wait for `down()` before `up()` would otherwise wait for ever. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function notListening(error: NodeJS.ErrnoException, host: string, port: number): TestIdpError {
  const isTaken = error.code === 'EADDRINUSE';
  const reason = isTaken
    ? `port ${port} is in use on ${host}. End what has it, or leave the option port out for a free one`
    : `${error.message}. The option host must be a name or an address of this machine, and port one that is allowed`;
  return new TestIdpError(`The test identity provider cannot listen: ${reason}.`, { cause: error });
}
