import { Controller, Get, Injectable, Module, Req, UseGuards, type DynamicModule } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { Issuer } from './index.js';

@Controller()
class MeController {
  @Get('me')
  @UseGuards(AuthGuard('jwt'))
  me(@Req() { user }: { user: { sub: string } }): { sub: string } {
    return { sub: user.sub };
  }
}

@Module({ controllers: [MeController] })
class PassportJwtModule {}

/** As the documentation of Nest and of jwks-rsa have it together. */
export const module = ({ issuer, audience }: Issuer): DynamicModule => {
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: passportJwtSecret({ cache: true, rateLimit: true, jwksUri: `${issuer}/jwks` }),
        issuer,
        audience,
        algorithms: ['RS256'],
      });
    }

    validate(payload: { sub: string }): { sub: string } {
      return payload;
    }
  }
  return { module: PassportJwtModule, imports: [PassportModule], providers: [JwtStrategy] };
};
