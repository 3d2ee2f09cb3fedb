import { Controller, Get } from '@nestjs/common';
import { applications, audience, issuer, name, trustedIssuers } from './settings.js';

/** What the page in `public/` has to know. None of it is a secret, but an application of yours has no need to tell. */
@Controller('api')
export class AboutController {
  @Get('about')
  about() {
    return {
      name,
      madeWith: 'NestJS, nestjs-oidc-auth',
      issuer,
      audience,
      trustedIssuers: trustedIssuers.map((trusted) => (typeof trusted === 'string' ? { issuer: trusted } : trusted)),
      // A login has the state and the PKCE challenge that the page has made.
      loginState: 'page',
    };
  }

  @Get('applications')
  applications() {
    return applications;
  }
}
