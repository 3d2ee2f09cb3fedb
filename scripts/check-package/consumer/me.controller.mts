import { Controller, Get, UseGuards } from '@nestjs/common';
import { IdToken, IdTokenClaims, OidcAuthModule, type OidcAuthOptions, OidcGuard } from 'nestjs-oidc-auth';

const options: OidcAuthOptions = { clientId: 'app', clientSecret: undefined, discoveryUrl: 'https://idp.invalid/' };

export const auth = OidcAuthModule.forRoot(options);

@Controller()
export class MeController {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims): string {
    return token.sub;
  }
}
