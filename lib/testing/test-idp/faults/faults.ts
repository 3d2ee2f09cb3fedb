import type { TestIdpEndpoint } from '../endpoints/endpoints.js';
import { TestIdpError } from '../errors.js';
import type { Fault } from './fault-effects.js';
import type { TestIdpFault, TestIdpFaultPlace } from './fault-types.js';
import type { Mistakes } from './mistakes.js';
import { assertPlace, faultOf } from './parse-fault.js';

/**
 * Which faults stand before which endpoints. One of an endpoint goes before one of all, and "once" before "until cleared".
 * An unknown endpoint or fault, or a fault that could not happen there, throws an error that lists the known ones.
 */
export class TestIdpFaults {
  readonly #lasting = new Map<TestIdpFaultPlace, Fault>();
  readonly #once = new Map<TestIdpFaultPlace, Fault[]>();
  readonly #mistakes: Mistakes;

  /** @internal */
  constructor(mistakes: Mistakes) {
    this.#mistakes = mistakes;
  }

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
      if (fault !== undefined) return this.watched(fault, endpoint);
    }
    return (_exchange, answer) => answer();
  }

  /** Right answers do not throw: what does is what the test has given. */
  private watched(fault: Fault, endpoint: TestIdpEndpoint): Fault {
    return async (exchange, answer) => {
      try {
        return await fault(exchange, answer);
      } catch (error) {
        this.#mistakes.keep(error, endpoint);
        throw error;
      }
    };
  }
}
