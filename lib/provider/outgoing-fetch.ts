import { OidcAuthError, type OidcAuthErrorDetails } from '../errors/oidc-auth-error.js';
import { quoted } from '../errors/operator-log.js';
import { plainCause } from '../errors/plain-cause.js';
import { isLoopback, parseHttpUrl } from '../options/addresses.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** No answer of an identity provider is larger; what is larger is not read. */
const LARGEST_BODY = 1024 * 1024;

/** As much of `fetch` as outgoing requests need. */
export type OutgoingFetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The one way out: every request to the identity provider goes through here.
 *
 * It keeps to https (or loopback, or what the options allow), follows no redirect, which could carry credentials to
 * another server, ends at the timeout or when the application closes, and reads a bounded answer, whole.
 */
export function outgoingFetch(
  options: Pick<ResolvedOptions, 'fetch' | 'timeout' | 'allowInsecureRequests'>,
  closing: AbortSignal,
): OutgoingFetch {
  return async (url, init) => {
    assertAddress(url, options.allowInsecureRequests);
    const deadline = new Deadline(options.timeout, closing);
    try {
      const response = await options.fetch(url, { ...init, redirect: 'manual', signal: deadline.signal });
      const body = await readBounded(response);
      const hasBody = response.status !== 204 && response.status !== 304 && response.status >= 200;
      return new Response(hasBody ? body : null, {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      });
    } catch (cause) {
      if (cause instanceof OidcAuthError) throw cause;
      throw unreachable(url, cause);
    } finally {
      deadline.clear();
    }
  };
}

/**
 * Ends one request in time. Not by `AbortSignal.timeout` and `AbortSignal.any`: on Node 20 their signals may be garbage
 * collected while a body is read and then never fire, and `any` leaves a listener on the long-lived signal.
 */
class Deadline {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly close = () => this.controller.abort(this.closing.reason);

  constructor(
    timeout: number,
    private readonly closing: AbortSignal,
  ) {
    this.timer = setTimeout(() => this.controller.abort(new DOMException('timed out', 'TimeoutError')), timeout);
    if (closing.aborted) this.close();
    else closing.addEventListener('abort', this.close);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.closing.removeEventListener('abort', this.close);
  }
}

/**
 * The answer of a GET as JSON; anything but 200 and an object is an invalid response.
 *
 * @param hint what may be wrong then, for the operator
 */
export async function fetchJson(
  fetch: OutgoingFetch,
  url: string,
  hint?: string,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { headers: { accept: 'application/json, application/jwk-set+json' } });
  if (response.status >= 500 || response.status === 429) throw unreachable(url, new Error(`HTTP ${response.status}`));
  const body: unknown = response.status === 200 ? await response.json().catch(() => undefined) : undefined;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  const advice = hint === undefined ? '' : ` (${hint})`;
  throw invalidResponse(`${withoutQuery(url)} answered HTTP ${response.status} and no JSON object${advice}`);
}

/** The keys of a JWK Set (RFC 7517 §5), as they are. */
export async function fetchJwks(fetch: OutgoingFetch, url: string): Promise<readonly unknown[]> {
  const { keys } = await fetchJson(fetch, url);
  if (!Array.isArray(keys)) throw invalidResponse(`${url} answered no JWK Set`);
  return keys as readonly unknown[];
}

/** RFC 6749 has no code for it: the provider could not be reached in time. */
export function unreachable(url: string, cause: unknown): OidcAuthError {
  return providerUnreachable({
    cause: plainCause(cause),
    operatorHint: `The identity provider cannot be reached at ${withoutQuery(url)}: ${reasonOf(cause)}.`,
  });
}

/** The same, told by who knows better why. */
export function providerUnreachable(details: OidcAuthErrorDetails): OidcAuthError {
  const message = 'The identity provider cannot be reached at the moment.';
  return new OidcAuthError('provider_unreachable', message, { retryAfter: 5, ...details });
}

export function invalidResponse(operatorDetail: string, cause?: unknown, message?: string): OidcAuthError {
  return new OidcAuthError(
    'provider_invalid_response',
    message ?? 'The identity provider gave an answer that cannot be understood.',
    {
      cause: cause === undefined ? undefined : plainCause(cause),
      operatorHint: `The identity provider gave an answer that cannot be understood: ${operatorDetail}.`,
    },
  );
}

function assertAddress(address: string, allowInsecureRequests: boolean): void {
  const url = parseHttpUrl(address);
  if (url === undefined) throw invalidResponse(`it names ${quoted(address)}, which is no http(s) address`);
  if (url.protocol === 'https:') return;
  if (allowInsecureRequests || isLoopback(url)) return;
  throw invalidResponse(
    `it names ${url.origin}, and plain http is used on loopback only (allowInsecureRequests: true lifts that)`,
  );
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > LARGEST_BODY) throw invalidResponse(`an answer of more than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Query and fragment may hold what must not be logged. */
export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function reasonOf(cause: unknown): string {
  const inner = (cause as { cause?: unknown }).cause ?? cause;
  const { code, name, message } = inner as { code?: unknown; name?: string; message?: string };
  if (name === 'TimeoutError') return 'no answer within the timeout';
  if (typeof code === 'string' && /CERT|SELF_SIGNED|ISSUER/.test(code)) {
    return `${code}, its certificate is not trusted here: name its authority's in NODE_EXTRA_CA_CERTS`;
  }
  return typeof code === 'string' ? code : (message ?? 'unknown reason');
}
