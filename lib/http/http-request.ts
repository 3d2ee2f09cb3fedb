import type { IncomingMessage } from 'node:http';

/** As much of a request as both adapters have alike. */
export interface HttpRequest {
  /** Fastify's raw request; Express's request is the raw one itself. */
  readonly raw?: IncomingMessage;
  readonly originalUrl?: string;
  readonly url: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body?: unknown;
}

/** Path and query as the client sent them, before any router cut something off. */
export function requestUrl(request: HttpRequest): string {
  return request.originalUrl ?? request.url;
}

export function rawRequest(request: HttpRequest): IncomingMessage {
  return request.raw ?? (request as unknown as IncomingMessage);
}

/** Cookies by name (RFC 6265 §5.4), in the order the browser sent them: the oldest first. */
export function cookiesOf(request: HttpRequest): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return cookies;
}

/** Whether the client has what this entity tag names (RFC 9110 §13.1.2). */
export function hasEtag({ headers }: HttpRequest, etag: string): boolean {
  const tags = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** Whether the client is a program that asks for JSON, rather than a browser that navigates. */
export function prefersJson({ headers }: HttpRequest): boolean {
  return (headers.accept ?? '').split(',').some((type) => type.split(';', 1)[0]!.trim() === 'application/json');
}
