import { Controller, Get, Module, UseGuards, type DynamicModule } from '@nestjs/common';
import { IdToken, IdTokenClaims, OidcAuthModule, OidcGuard } from '../../lib/index.js';
import type { Issuer } from './index.js';

@Controller()
class MeController {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims): { sub: string } {
    return { sub: token.sub };
  }
}

@Module({ controllers: [MeController] })
export class OidcGuardModule {}

/** This library, as the README shows it. */
export const module = ({ issuer, audience }: Issuer): DynamicModule => ({
  module: OidcGuardModule,
  imports: [
    OidcAuthModule.forRoot({
      clientId: 'bench-client',
      clientSecret: 'a secret that no identity provider knows',
      discoveryUrl: `${issuer}/.well-known/openid-configuration`,
      audience,
      publicUrl: 'https://app.example.org',
    }),
  ],
});
