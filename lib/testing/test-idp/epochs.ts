import type { ServerResponse } from 'node:http';
import type { TestIdpRequest } from './http/requests.js';
import type { Provider } from './provider.js';

/** From one `reset()` to the next: what the provider remembers, what it was asked, and what it has not answered yet. */
export interface Epoch {
  readonly provider: Provider;
  readonly requests: TestIdpRequest[];
  readonly underWay: Set<ServerResponse>;
}

/**
 * Keeps tests that share a provider apart. A request belongs to the epoch in which it has arrived, to its end: nothing it
 * does later, as after a fault has delayed it, is seen in the next.
 */
export class Epochs {
  #end = new AbortController();
  #current: Epoch;

  constructor(private readonly newProvider: (ended: AbortSignal) => Provider) {
    this.#current = this.begin();
  }

  get current(): Epoch {
    return this.#current;
  }

  next(): void {
    this.end();
    this.#end = new AbortController();
    this.#current = this.begin();
  }

  /** Breaks off what is under way. */
  end(): void {
    this.#end.abort();
    for (const response of this.#current.underWay) response.destroy();
  }

  private begin(): Epoch {
    return { provider: this.newProvider(this.#end.signal), requests: [], underWay: new Set() };
  }
}
