import type { OidcAuthError } from '../errors/oidc-auth-error.js';

/** Of Node's system errors and undici: the request never left. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The connection ended before an answer came, as one that was kept open may. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Whether the provider cannot have got the request that failed. */
export function wasNeverSent(error: OidcAuthError): boolean {
  return NEVER_SENT.has(codeOf(error));
}

/** Whether the connection broke before an answer. */
export function wasBroken(error: OidcAuthError): boolean {
  return BROKEN.has(codeOf(error));
}

function codeOf({ cause }: OidcAuthError): string {
  return String((cause as { code?: unknown } | undefined)?.code ?? '');
}
