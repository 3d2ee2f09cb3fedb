import { Controller, Get, UseGuards } from '@nestjs/common';
import { Auth, IdToken, IdTokenClaims, OidcGuard, OptionalOidcGuard } from 'nestjs-oidc-auth';
import { demo } from './settings.js';

/** One route for each way of asking who is there. An application of yours writes literals: `@Auth({ roles: 'admin' })`. */
@Controller('api/demo')
export class DemoController {
  @Get('public')
  everybody() {
    return { message: 'Hello, whoever you are.' };
  }

  @Get('optional')
  @UseGuards(OptionalOidcGuard)
  perhaps(@IdToken() token: IdTokenClaims | null) {
    return token
      ? { message: `Hello again, ${nameOf(token)}.`, sub: token.sub }
      : { message: 'Hello, stranger. With a token I would greet you by name.' };
  }

  @Get('protected')
  @UseGuards(OidcGuard)
  signedIn(@IdToken() token: IdTokenClaims) {
    return { message: `Hello, ${nameOf(token)}. Your token is valid.`, sub: token.sub };
  }

  @Get('scope')
  @Auth({ scopes: demo.scope })
  withScope(@IdToken('scope') scope?: string) {
    return { message: `Your token has the scope “${demo.scope}”.`, scope };
  }

  @Get('claim')
  @Auth({ claims: demo.claim })
  withClaim() {
    return { message: 'Your token says what this route wants to read.', wanted: demo.claim };
  }

  @Get('role')
  @Auth({ roles: demo.role })
  withRole(@IdToken() token: IdTokenClaims) {
    return { message: `Welcome to the ${demo.role} area, ${nameOf(token)}.`, sub: token.sub };
  }
}

const nameOf = (token: IdTokenClaims): string => String(token['name'] ?? token['preferred_username'] ?? token.sub);
