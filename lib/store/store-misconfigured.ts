import { OidcAuthError } from '../errors/oidc-auth-error.js';

/** A store that cannot work as it is set up: found at boot, and mended by whoever reads `message`. */
export function storeMisconfigured(message: string, cause?: unknown): OidcAuthError {
  return new OidcAuthError('store_misconfigured', message, { cause });
}
