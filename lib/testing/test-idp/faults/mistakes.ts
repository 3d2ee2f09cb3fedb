import { inspect } from 'node:util';
import type { TestIdpEndpoint } from '../endpoints/endpoints.js';
import { TestIdpError } from '../errors.js';

/**
 * Mistakes in a test that show only while a request is answered. The application answers some error of its own to them, as a
 * test of a fault expects: so they are told twice, to who looks at the output and to who awaits `reset()` or `close()`.
 */
export class Mistakes {
  readonly #kept = new Map<string, unknown>();

  keep(error: unknown, endpoint: TestIdpEndpoint): void {
    const reason = error instanceof TestIdpError ? error.message : `edit has thrown ${String(error)}`;
    const message = `at ${endpoint}, ${reason}`;
    if (this.#kept.has(message)) return;
    this.#kept.set(message, error);
    process.stderr.write(`Test identity provider: ${message}\n${inspect(error)}\n`);
  }

  /** Throws those that were kept, and forgets them. */
  tell(): void {
    if (this.#kept.size === 0) return;
    const [messages, [cause]] = [[...this.#kept.keys()], [...this.#kept.values()]];
    this.#kept.clear();
    const since = 'A mistake of the test, since the start or the last reset():';
    throw new TestIdpError(`${since} ${messages.join('; ')}`, { cause });
  }
}
