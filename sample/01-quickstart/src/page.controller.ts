import { Controller, Get } from '@nestjs/common';
import { broker, demo, oidc } from './settings.js';

const [claim, value] = Object.entries(demo.claim)[0]!;

/** What the page in `public/` has to know about this application. */
@Controller('api/demo')
export class PageController {
  @Get()
  about() {
    return {
      mode: broker.brokerMode ? 'broker' : 'pass-through',
      provider: { url: new URL(oidc.discoveryUrl).origin, demo: process.env['DEMO_PROVIDER'] === 'true' },
      scopes: oidc.scopes.split(/\s+/).filter((scope) => scope !== 'openid'),
      routes: [
        { name: 'public', needs: 'Anyone', note: 'No guard. A token is not even read.' },
        { name: 'optional', needs: 'Anyone, greeted if known', note: 'Reads a token if there is one.' },
        { name: 'protected', needs: 'Any valid token', note: 'Signature, issuer, audience and time must be right.' },
        { name: 'scope', needs: `Scope ${demo.scope}`, note: 'What the application asked for at login.' },
        { name: 'claim', needs: `Claim ${claim} = ${value}`, note: 'What the token says about the person.' },
        { name: 'role', needs: `Role ${demo.role}`, note: 'Found where the provider keeps its roles.' },
      ],
    };
  }
}
