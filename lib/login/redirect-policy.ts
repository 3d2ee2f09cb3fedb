import { Inject, Injectable } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { hasUnsafeCharacters, isLoopback } from '../options/addresses.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';

/** Decides where browsers may be sent, whatever the provider would accept, too. */
@Injectable()
export class RedirectPolicy {
  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions) {}

  /** @throws {@link OidcAuthError} `redirect_uri_not_allowed` */
  assertRedirectUri(uri: string): void {
    const target = parseTarget(uri);
    if (target !== undefined && (this.options.redirectUris.includes(uri) || this.isOwn(target) || isLocal(target)))
      return;
    throw new OidcAuthError(
      'redirect_uri_not_allowed',
      'redirect_uri is not allowed: it must lie on the origin of publicUrl, on a loopback address, or be listed in redirectUris.',
    );
  }

  allowsPostLogout(uri: string): boolean {
    const target = parseTarget(uri);
    return target !== undefined && (this.options.postLogoutRedirectUris.includes(uri) || this.isOwn(target));
  }

  private isOwn(target: URL): boolean {
    const { publicUrl } = this.options;
    // A private-use scheme has the origin "null".
    return publicUrl !== undefined && target.origin !== 'null' && target.origin === new URL(publicUrl).origin;
  }
}

/** RFC 8252 §7.3: native apps listen on whatever port is free. */
function isLocal(target: URL): boolean {
  return (target.protocol === 'http:' || target.protocol === 'https:') && isLoopback(target);
}

/** A URI that all parsers understand alike; `undefined` where that is in doubt. */
export function parseTarget(uri: string): URL | undefined {
  if (hasUnsafeCharacters(uri) || uri.includes('#') || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  if (isHttp && !/^https?:\/\/[^/]/i.test(uri)) return undefined;
  return url.username === '' && url.password === '' && !authorityOf(uri).includes('@') ? url : undefined;
}

function authorityOf(uri: string): string {
  return uri.replace(/^[^:]*:(\/\/)?/, '').split(/[/?]/, 1)[0]!;
}
