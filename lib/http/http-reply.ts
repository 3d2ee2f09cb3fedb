import type { HttpAdapterHost } from '@nestjs/core';

/** Headers of an answer that may carry a token. */
const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };
/** Of one that anybody may see, and keep for as long as verifiers do not mind. */
export const CACHED_BRIEFLY = { 'Cache-Control': 'public, max-age=300' };

/**
 * Answers through the adapter itself, so that the application's interceptors and either adapter leave the answer as
 * it is. The one place that writes responses.
 */
export class HttpReply {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly response: unknown,
    caching: Readonly<Record<string, string>> = NO_STORE,
  ) {
    this.headers(caching);
  }

  headers(headers: Readonly<Record<string, string>>): this {
    for (const [name, value] of Object.entries(headers)) this.host.httpAdapter.setHeader(this.response, name, value);
    return this;
  }

  /** A cookie for this host alone, out of the reach of scripts; sent on top-level navigation from the provider. */
  cookie(name: string, value: string, secure: boolean, maxAge: number): this {
    this.host.httpAdapter.setCookie(this.response, name, value, {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure,
      maxAge,
    });
    return this;
  }

  /** The address may hold a code or a state: the next page must not learn it as its referrer. */
  redirect(url: string, status: 302 | 303 = 302): void {
    this.headers({ 'Referrer-Policy': 'no-referrer', Location: url });
    this.host.httpAdapter.reply(this.response, undefined, status);
  }

  /** What has not changed since the client asked last (RFC 9110 §15.4.5). */
  notModified(): void {
    this.host.httpAdapter.reply(this.response, undefined, 304);
  }

  json(body: object, status = 200): void {
    this.headers({ 'Content-Type': 'application/json; charset=utf-8' });
    this.host.httpAdapter.reply(this.response, body, status);
  }
}
