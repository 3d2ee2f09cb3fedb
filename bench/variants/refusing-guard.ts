import {
  Controller,
  Get,
  Module,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { unknownKid } from '../tokens/claims.js';

class RefusingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: { authorization: string } }>();
    const { kid } = decodeProtectedHeader(request.headers.authorization.slice('Bearer '.length));
    if (kid?.startsWith(unknownKid)) throw new UnauthorizedException();
    return true;
  }
}

@Controller()
class MeController {
  @Get('me')
  @UseGuards(RefusingGuard)
  me(): { sub: string } {
    return { sub: 'not read' };
  }
}

@Module({ controllers: [MeController] })
class RefusingGuardModule {}

/** The least that a guard can do against a flood: it knows whom to refuse, verifies nothing, and Nest answers 401. */
export const module = (): Type => RefusingGuardModule;
