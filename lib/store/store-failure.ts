import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { quoted } from '../errors/operator-log.js';
import { plainCause } from '../errors/plain-cause.js';

/** Causes of causes are followed so far: a chain may be a ring. */
const DEEPEST_CAUSE = 10;
const MOST_FRAMES = 8;

/** Errors of the language itself: what was called wrongly is a program, not a database. */
const MISTAKES: ReadonlySet<string> = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError']);

/**
 * A method of a store rejected: whether it did anything is not known. Callers are told nothing of it; the operator is told
 * the method, and of a chain of causes the innermost. That is the driver's: libraries around it put statements and
 * parameters into their words.
 *
 * @param call the method in words
 */
export function storeUnavailable(call: string, error: unknown): OidcAuthError {
  const innermost = innermostCause(error);
  const cause = withoutCredentials(plainCause(innermost));
  const code: unknown = (innermost as { code?: unknown } | undefined)?.code ?? (cause as { code?: unknown }).code;
  const what = typeof code === 'string' || typeof code === 'number' ? `${cause.name} ${code}` : cause.name;
  const failure = `${call} failed (${what}): ${quoted(cause.message)}`;
  return new OidcAuthError('store_unavailable', 'The sessions of this application cannot be reached at the moment.', {
    cause,
    retryAfter: 5,
    operatorHint: MISTAKES.has(cause.name)
      ? `${failure}. That is a mistake in a program, not an outage:\n${framesOf(cause)}`
      : failure,
  });
}

/**
 * A store that cannot be used as it is. Callers are told no more than that.
 *
 * @param reason for the operator
 */
export function storeUnfit(reason: string, cause?: unknown): OidcAuthError {
  return new OidcAuthError('store_misconfigured', 'The store of this application cannot be used as it is.', {
    operatorHint: reason,
    cause: cause === undefined ? undefined : plainCause(cause),
  });
}

function innermostCause(error: unknown): unknown {
  let innermost = error;
  for (let depth = 0; depth < DEEPEST_CAUSE; depth++) {
    const { cause, errors } = (innermost ?? {}) as { cause?: unknown; errors?: unknown };
    // Of several addresses that were tried, and refused, Node.js tells in an error without words.
    const inner = cause ?? (innermost instanceof AggregateError ? (errors as unknown[])[0] : undefined);
    if (!(inner instanceof Error)) break;
    innermost = inner;
  }
  return innermost;
}

/** Drivers repeat the address they were given, which may hold a user's name and password. */
function withoutCredentials(error: Error): Error {
  error.message = redacted(error.message);
  if (error.stack !== undefined) error.stack = redacted(error.stack);
  return error;
}

function redacted(text: string): string {
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>]*@/gi, '$1…@');
}

function framesOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return frames.slice(0, MOST_FRAMES).join('\n');
}
