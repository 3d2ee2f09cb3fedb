import { Controller, Delete, Get, HttpCode, NotFoundException, Param, UseGuards } from '@nestjs/common';
import { IdToken, IdTokenClaims, OidcGuard, TokenBroker } from 'nestjs-oidc-auth';
import { eventsFor } from './events.js';
import { issuer } from './settings.js';

/** Broker mode: where somebody is signed in, and what has happened there. Users are known by issuer and subject. */
@Controller('api/demo')
@UseGuards(OidcGuard)
export class SessionsController {
  constructor(private readonly broker: TokenBroker) {}

  @Get('sessions')
  async sessions(@IdToken() { iss, sub, sid }: IdTokenClaims) {
    const sessions = await this.broker.sessions(iss, sub);
    return sessions.map((session) => ({ ...session, current: session.sid === sid }));
  }

  @Delete('sessions/:sid')
  @HttpCode(204)
  async end(@Param('sid') sid: string, @IdToken() { iss, sub }: IdTokenClaims) {
    const sessions = await this.broker.sessions(iss, sub);
    // Whoever knows the id of somebody else's session may not end it.
    if (!sessions.some((session) => session.sid === sid)) throw new NotFoundException();
    await this.broker.endSession(sid);
  }

  @Delete('sessions')
  async endAll(@IdToken() { iss, sub }: IdTokenClaims) {
    return { ended: await this.broker.endAll(iss, sub) };
  }

  @Get('events')
  events(@IdToken() token: IdTokenClaims) {
    return eventsFor(token, issuer);
  }
}
