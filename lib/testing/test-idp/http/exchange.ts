import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestIdpEndpoint } from '../endpoints/endpoints.js';
import { OAuthError, PageError, TestIdpError } from '../errors.js';
import type { TestIdpRolesCarrier } from '../options/options.js';

/** How the tokens of one answer differ from the right ones; faults write it. */
export interface TokenChanges {
  /** Signs with a key that is not in the JWKS. */
  unpublishedKey?: boolean;
  /** `iss` instead of the issuer; `null`: none. */
  iss?: string | null;
  rolesIn?: readonly TestIdpRolesCarrier[];
  /** Claims of the ID token instead of the right ones. */
  idToken?: (right: { readonly iat: number }) => Readonly<Record<string, unknown>>;
}

/** A request as the endpoints see it. */
export interface Exchange extends Received {
  readonly endpoint: TestIdpEndpoint;
  readonly tokenChanges: TokenChanges;
}

/** What a request says by itself, before anything is known about it. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Of the query of a GET, of the form of a POST: secrets in an address end up in logs (RFC 6749 §2.3.1, §3.2). */
  readonly parameters: URLSearchParams;
  /** Whether a body was posted that is no form. */
  readonly hasOtherBody: boolean;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** An object is sent as JSON. */
  body: string | Readonly<Record<string, unknown>>;
}

/** What becomes of a request: an answer, a connection that breaks, or one that stays open without a word. */
export type Outcome = Answer | 'broken' | 'silent';

export function json(body: Readonly<Record<string, unknown>>, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body };
}

export function redirect(to: URL, headers: Record<string, string> = {}): Answer {
  return { status: 303, headers: { location: to.href, 'cache-control': 'no-store', ...headers }, body: '' };
}

/** `content` is HTML. */
export function page(title: string, content: string, status = 200, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body: `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}</html>`,
  };
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Every error is an answer; what was not foreseen is told, too, since who reads it is the author of a test. */
export function answerOf(error: unknown): Answer {
  if (error instanceof OAuthError) {
    const answer = json({ error: error.error, error_description: error.description }, error.status);
    return { ...answer, headers: { ...answer.headers, ...error.headers } };
  }
  const isMistake = error instanceof PageError || error instanceof TestIdpError;
  const reason = isMistake ? error.message : String((error as Error).stack ?? error);
  return page('Test identity provider: error', `<p>${escaped(reason)}</p>`, isMistake ? 400 : 500);
}

/** The request and its body as it came, once it has arrived. */
export async function received(request: IncomingMessage, origin: string): Promise<Received & { body: string }> {
  const url = new URL(request.url ?? '/', origin);
  const body = await text(request);
  const { method = 'GET', headers } = request;
  const isQuery = method === 'GET' || method === 'HEAD';
  const isForm = headers['content-type']?.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';
  const parameters = isQuery ? url.searchParams : new URLSearchParams(isForm ? body : '');
  return { method, url, headers, body, parameters, hasOtherBody: !isQuery && !isForm && body !== '' };
}

export function send(response: ServerResponse, outcome: Outcome): void {
  if (outcome === 'silent') return;
  if (outcome === 'broken') {
    response.socket?.destroy();
    return;
  }
  const body = typeof outcome.body === 'string' ? outcome.body : JSON.stringify(outcome.body);
  response.writeHead(outcome.status, { ...outcome.headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
