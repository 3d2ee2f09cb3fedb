import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { applications } from './settings.js';

const folder = fileURLToPath(new URL('../../public', import.meta.url));

/** Nothing from elsewhere and nothing inline: the tokens in this page are sent to the three applications, and nobody else. */
const contentSecurityPolicy = [
  "default-src 'self'",
  `connect-src 'self' ${applications.map((url) => new URL(url).origin).join(' ')}`,
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

export function servePage(app: NestExpressApplication): void {
  app.useStaticAssets(folder, {
    setHeaders: (response) => {
      response.setHeader('Content-Security-Policy', contentSecurityPolicy);
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Cache-Control', 'no-cache');
    },
  });
}
