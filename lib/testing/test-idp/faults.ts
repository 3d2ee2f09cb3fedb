import type { TestIdpEndpoint } from './endpoints.js';
import { TestIdpError } from './errors.js';
import type { Fault } from './fault-changes.js';
import type { TestIdpFault, TestIdpFaultPlace } from './fault-names.js';
import { assertPlace, faultOf } from './fault-shapes.js';

/**
 * Which faults stand before which endpoints. One of an endpoint goes before one of all, and "once" before "until cleared".
 * An endpoint or a fault that there is not, or a fault that could not happen there, throws an error that says what there is.
 */
export class TestIdpFaults {
  readonly #lasting = new Map<TestIdpFaultPlace, Fault>();
  readonly #once = new Map<TestIdpFaultPlace, Fault[]>();

  /** For every request, until cleared or set anew. */
  set<P extends TestIdpFaultPlace>(place: P, fault: TestIdpFault<P>): void {
    this.#lasting.set(place, faultOf(place, fault));
  }

  /** For the next request, or the next few: one fault each. */
  once<P extends TestIdpFaultPlace>(place: P, ...faults: TestIdpFault<P>[]): void {
    assertPlace(place);
    if (faults.length === 0) throw new TestIdpError(`faults.once('${place}') names no fault.`);
    const more = faults.map((fault) => faultOf(place, fault));
    this.#once.set(place, [...(this.#once.get(place) ?? []), ...more]);
  }

  /** Takes away the faults of a place, the pending ones among them. Default: of every place. */
  clear(place?: TestIdpFaultPlace): void {
    if (place !== undefined) assertPlace(place);
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
