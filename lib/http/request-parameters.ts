import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { requestUrl, type HttpRequest } from './http-request.js';

const DEFAULT_LIMIT = 2_048;

/** Longest value of each parameter that may be longer than most: opaque values that others issued. */
const LIMITS: Readonly<Record<string, number>> = {
  code: 4_096,
  code_verifier: 4_096,
  state: 4_096,
  id_token_hint: 8_192,
  refresh_token: 8_192,
  'refresh-token': 8_192,
  device_code: 4_096,
  'device-code': 4_096,
  subject_token: 16_384,
};

/** Most values of a parameter that may be repeated. */
const MOST_VALUES = 20;

/**
 * The parameters of a request, each with at most one value of bounded length (RFC 6749 §3.2). Both adapters' own
 * parsing differs in details, so the query is read from the URL as it was sent.
 */
export class RequestParameters {
  private constructor(private readonly values: (name: string) => unknown) {}

  static ofQuery(request: HttpRequest): RequestParameters {
    const url = requestUrl(request);
    const start = url.indexOf('?');
    const query = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
    return new RequestParameters((name) => {
      const all = query.getAll(name);
      return all.length > 1 ? all : all[0];
    });
  }

  /** Of a form or a JSON object. Adapters hand on, or drop, bodies of other types each in its own way. */
  static ofBody(request: HttpRequest): RequestParameters {
    const { body } = request;
    if ((body === undefined || body === null || body === '') && !announcesBody(request)) {
      return new RequestParameters(() => undefined);
    }
    if (typeof body !== 'object' || body === null || Array.isArray(body) || Buffer.isBuffer(body)) {
      throw invalid('The body must be a form or a JSON object.');
    }
    return new RequestParameters((name) =>
      Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined,
    );
  }

  /** The value; one that is empty counts as left out. @throws {@link OidcAuthError} `invalid_request` */
  optional(name: string): string | undefined {
    const value = this.single(name);
    return value === '' ? undefined : value;
  }

  /** @throws {@link OidcAuthError} `invalid_request` where it is left out or empty, too */
  required(name: string, hint?: string): string {
    const value = this.single(name);
    const advice = hint === undefined ? '.' : `: ${hint}.`;
    if (value === undefined) throw invalid(`${name} is missing${advice}`);
    if (value === '') throw invalid(`${name} is empty${advice}`);
    return value;
  }

  /** All values of a parameter that may be repeated (RFC 8693 §2.1). */
  all(name: string): readonly string[] {
    const values = this.values(name);
    if (values === undefined || values === '') return [];
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    if (list.length > MOST_VALUES) throw invalid(`${name} is given more than ${MOST_VALUES} times.`);
    return list.map((value) => this.checked(name, value));
  }

  private single(name: string): string | undefined {
    const value = this.values(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value)) throw invalid(`${name} is given more than once.`);
    return this.checked(name, value);
  }

  private checked(name: string, value: unknown): string {
    if (typeof value !== 'string') throw invalid(`${name} must be a string.`);
    const limit = LIMITS[name] ?? DEFAULT_LIMIT;
    if (value.length > limit) throw invalid(`${name} is longer than ${limit} characters.`);
    return value;
  }
}

/** RFC 9112 §6 */
function announcesBody({ headers }: HttpRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

export function invalid(message: string): OidcAuthError {
  return new OidcAuthError('invalid_request', message);
}
