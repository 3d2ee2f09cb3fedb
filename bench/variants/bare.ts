import { Controller, Get, Module, type Type } from '@nestjs/common';
import { randomUUID } from 'node:crypto';

const sub = randomUUID();

@Controller()
class MeController {
  @Get('me')
  me(): { sub: string } {
    return { sub };
  }
}

@Module({ controllers: [MeController] })
class BareModule {}

/** The same request and the same answer, but nobody reads the token. */
export const module = (): Type => BareModule;
