import { Controller, Delete, Get, HttpCode, NotFoundException, Param, UseGuards } from '@nestjs/common';
import { IdToken, IdTokenClaims, OidcGuard, TokenBroker } from 'nestjs-oidc-auth';

/** Where somebody is signed in: the same at each instance. */
@Controller('api/sessions')
@UseGuards(OidcGuard)
export class SessionsController {
  constructor(private readonly broker: TokenBroker) {}

  @Get()
  sessions(@IdToken() { iss, sub }: IdTokenClaims) {
    return this.broker.sessions(iss, sub);
  }

  @Delete(':sid')
  @HttpCode(204)
  async end(@Param('sid') sid: string, @IdToken() { iss, sub }: IdTokenClaims) {
    const sessions = await this.broker.sessions(iss, sub);
    // Whoever knows the id of somebody else's session may not end it.
    if (!sessions.some((session) => session.sid === sid)) throw new NotFoundException();
    await this.broker.endSession(sid);
  }
}
