import { Injectable } from '@nestjs/common';
import { OidcGuard } from './oidc.guard.js';
import type { Demand } from './route-policy.js';

/**
 * Lets requests pass that `OidcGuard` would refuse, but for two `Authorization` headers, of which nobody can tell the
 * right one, and for kinds of requests that are not known. `@IdToken()` is `null` where there is no token, a bad one, one
 * that does not meet the route's constraints, or no way to verify it at the moment.
 */
@Injectable()
export class OptionalOidcGuard extends OidcGuard {
  static override readonly demand: Demand = 'optional';
}
