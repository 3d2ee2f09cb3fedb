import { Controller, Get, UseGuards } from '@nestjs/common';
import { Auth, IdToken, IdTokenClaims, OidcGuard, OptionalAuth, OptionalOidcGuard } from '../../lib/index.js';

/** What routes demand, and no token of the corpus has. */
export const demanded = { role: 'chief', scope: 'reports:write', department: 'research' } as const;

const whose = (token: IdTokenClaims | null) => ({ sub: token?.sub ?? null });

@Controller()
export class CorpusRoutes {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims) {
    return whose(token);
  }

  @Get('maybe-me')
  @UseGuards(OptionalOidcGuard)
  maybe(@IdToken() token: IdTokenClaims | null) {
    return whose(token);
  }

  @Get('chiefs')
  @Auth({ roles: demanded.role })
  chiefs(@IdToken() token: IdTokenClaims) {
    return whose(token);
  }

  @Get('chiefs-of-the-realm')
  @Auth({ claims: { 'realm_access.roles': [demanded.role] } })
  chiefsOfTheRealm(@IdToken() token: IdTokenClaims) {
    return whose(token);
  }

  @Get('reports')
  @Auth({ scopes: demanded.scope })
  reports(@IdToken() token: IdTokenClaims) {
    return whose(token);
  }

  @Get('research')
  @Auth({ claims: { department: { anyOf: [demanded.department] } } })
  research(@IdToken() token: IdTokenClaims) {
    return whose(token);
  }

  @Get('maybe-a-chief')
  @OptionalAuth({ roles: demanded.role })
  maybeAChief(@IdToken() token: IdTokenClaims | null) {
    return whose(token);
  }
}

/** Those that no token of the corpus opens, however valid it is. */
export const constrainedRoutes = ['/chiefs', '/chiefs-of-the-realm', '/reports', '/research'] as const;
/** Open to all; who comes with a token that counts is known by name. */
export const optionalRoute = '/maybe-me';
export const constrainedOptionalRoute = '/maybe-a-chief';
export const userinfo = '/auth/v2/userinfo';
