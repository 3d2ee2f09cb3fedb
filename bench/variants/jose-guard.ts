import {
  Controller,
  createParamDecorator,
  Get,
  Inject,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
} from '@nestjs/common';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import type { Issuer } from './index.js';

interface AuthenticatedRequest {
  headers: { authorization?: string };
  user?: JWTPayload;
}

const ISSUER = Symbol('issuer');

@Injectable()
class JoseGuard implements CanActivate {
  private readonly jwks: ReturnType<typeof createRemoteJWKSet>;

  constructor(@Inject(ISSUER) private readonly expected: Issuer) {
    this.jwks = createRemoteJWKSet(new URL(`${expected.issuer}/jwks`));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    if (scheme?.toLowerCase() !== 'bearer' || !token) {
      throw new UnauthorizedException();
    }
    try {
      const { issuer, audience } = this.expected;
      const { payload } = await jwtVerify(token, this.jwks, { issuer, audience, algorithms: ['RS256'] });
      request.user = payload;
      return true;
    } catch (error) {
      throw new UnauthorizedException(undefined, { cause: error });
    }
  }
}

const User = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<AuthenticatedRequest>().user,
);

@Controller()
class MeController {
  @Get('me')
  @UseGuards(JoseGuard)
  me(@User() user: JWTPayload): { sub: string | undefined } {
    return { sub: user.sub };
  }
}

@Module({ controllers: [MeController] })
class JoseGuardModule {}

/** What a good developer writes by hand: a remote key set, `jwtVerify`, no cache of tokens. */
export const module = (issuer: Issuer): DynamicModule => ({
  module: JoseGuardModule,
  providers: [{ provide: ISSUER, useValue: issuer }, JoseGuard],
});
