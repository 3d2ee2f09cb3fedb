import type { TestIdpEndpoint } from './endpoints.js';
import type { TestIdpFault, TestIdpFaultPlace } from './fault-names.js';
import { type Fault, faultNamed } from './fault-table.js';

/** Which faults stand before which endpoints. One of an endpoint goes before one of all, and "once" before "until cleared". */
export class TestIdpFaults {
  readonly #lasting = new Map<TestIdpFaultPlace, Fault>();
  readonly #once = new Map<TestIdpFaultPlace, Fault[]>();

  /** For every request, until cleared or set anew. */
  set<P extends TestIdpFaultPlace>(place: P, fault: TestIdpFault<P>): void {
    this.#lasting.set(place, faultNamed(place, fault));
  }

  /** For the next request, or the next few: one fault each. */
  once<P extends TestIdpFaultPlace>(place: P, ...faults: TestIdpFault<P>[]): void {
    const more = faults.map((fault) => faultNamed(place, fault));
    this.#once.set(place, [...(this.#once.get(place) ?? []), ...more]);
  }

  /** Takes away the faults of a place, the pending ones among them. Default: of every place. */
  clear(place?: TestIdpFaultPlace): void {
    for (const faults of [this.#lasting, this.#once]) {
      if (place === undefined) faults.clear();
      else faults.delete(place);
    }
  }

  /** @internal The one for a request that is about to be answered. */
  next(endpoint: TestIdpEndpoint): Fault {
    for (const place of [endpoint, 'all'] as const) {
      const fault = this.#once.get(place)?.shift() ?? this.#lasting.get(place);
      if (fault !== undefined) return fault;
    }
    return (_exchange, answer) => answer();
  }
}
