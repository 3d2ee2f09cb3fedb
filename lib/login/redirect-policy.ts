import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { isLoopback, parseRedirectTarget } from '../options/addresses.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';

/** What the provider adds to a redirect URI; one that brings such a parameter along could pass for an answer. */
const RESPONSE_PARAMETERS = ['code', 'state', 'iss', 'error', 'id_token', 'access_token', 'response'];

/** Decides where browsers may be sent, whatever the provider would accept, too. */
@Injectable()
export class RedirectPolicy {
  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions) {}

  /** @throws {@link OidcAuthError} `redirect_uri_not_allowed` */
  assertRedirectUri(uri: string): void {
    const target = parseRedirectTarget(uri);
    if (target === undefined || !this.allowsLogin(uri, target)) {
      throw new OidcAuthError(
        'redirect_uri_not_allowed',
        'redirect_uri is not allowed: it must lie on the origin of publicUrl, on a loopback address, or be listed in redirectUris.',
      );
    }
    const parameter = RESPONSE_PARAMETERS.find((name) => target.searchParams.has(name));
    if (parameter !== undefined) {
      throw new OidcAuthError('redirect_uri_not_allowed', `redirect_uri must not hold the parameter ${parameter}.`);
    }
  }

  allowsPostLogout(uri: string): boolean {
    const target = parseRedirectTarget(uri);
    return target !== undefined && (this.options.postLogoutRedirectUris.includes(uri) || this.isOwn(target));
  }

  private allowsLogin(uri: string, target: URL): boolean {
    return this.options.redirectUris.includes(uri) || this.isOwn(target) || isLocal(target);
  }

  private isOwn(target: URL): boolean {
    const { publicUrl } = this.options;
    if (publicUrl === undefined) return false;
    const own = new URL(publicUrl);
    // The protocol, too: the origin of blob:https://… is that of the address inside.
    return target.origin === own.origin && target.protocol === own.protocol;
  }
}

/** RFC 8252 §7.3: native apps listen on whatever port is free. */
function isLocal(target: URL): boolean {
  return (target.protocol === 'http:' || target.protocol === 'https:') && isLoopback(target);
}
