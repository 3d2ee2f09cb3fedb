import { Controller, Get, UseGuards } from '@nestjs/common';
import { IdToken, IdTokenClaims, OidcGuard } from 'nestjs-oidc-auth';
import { name } from './settings.js';

/** One guard for the application's own tokens and those of its peers. */
@Controller('api/who-am-i')
@UseGuards(OidcGuard)
export class WhoAmIController {
  /** A user is known by `iss` and `sub` together: another issuer's alice is somebody else. */
  @Get()
  whoAmI(@IdToken() { iss, sub, roles }: IdTokenClaims) {
    return { application: name, iss, sub, roles };
  }
}
