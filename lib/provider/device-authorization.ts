import { invalidResponse } from './outgoing-fetch.js';

/** The provider's device authorization response (RFC 8628 §3.2). */
export interface DeviceAuthorization {
  /** What the device polls with. */
  readonly device_code: string;
  /** What the user types in at `verification_uri`. */
  readonly user_code: string;
  readonly verification_uri: string;
  /** The same with the code in it, e.g. for a QR code; not every provider has it. */
  readonly verification_uri_complete?: string | undefined;
  /** Seconds from now, for both codes. */
  readonly expires_in: number;
  /** Seconds to wait between two polls. `OidcAuthService` says 5 where the provider says nothing. */
  readonly interval?: number | undefined;
}

/** RFC 8628 §3.2 demands these; existing clients want to know which one the provider left out. */
const DEVICE_AUTHORIZATION_MEMBERS = ['device_code', 'user_code', 'verification_uri', 'expires_in'];

/** Rejects with an error that names what is missing, where that is the trouble. */
export function explainMissingMembers(error: unknown): never {
  const body = bodyIn(error);
  const missing = body === undefined ? [] : DEVICE_AUTHORIZATION_MEMBERS.filter((member) => isAbsent(body[member]));
  if (missing.length === 0) throw error;
  const message = `The identity provider's device authorization response lacks ${missing.join(', ')}.`;
  throw invalidResponse(`its device authorization response lacks ${missing.join(', ')}`, undefined, message);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** The JSON that openid-client did not understand; a `Response` in its place was none that can be read so. */
function bodyIn(error: unknown): Record<string, unknown> | undefined {
  for (let current = error; current instanceof Error;) {
    const { cause }: { cause?: unknown } = current;
    const body = cause instanceof Response ? undefined : (cause as { body?: unknown } | undefined)?.body;
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
    current = cause as Error;
  }
  return undefined;
}
