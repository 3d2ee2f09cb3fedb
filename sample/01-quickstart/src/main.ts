import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const page = fileURLToPath(new URL('../../public', import.meta.url));

// Nothing from elsewhere and nothing inline: a token in this page is out of reach of injected script.
const contentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['warn', 'error', 'fatal'] });
app.enableShutdownHooks();
app.useStaticAssets(page, {
  setHeaders: (response) => {
    response.setHeader('Content-Security-Policy', contentSecurityPolicy);
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-cache');
  },
});
await app.listen(process.env['PORT'] ?? 3000, process.env['HOST'] ?? 'localhost');
process.send?.('ready'); // for a process manager that waits for it, as scripts/start.mjs does
