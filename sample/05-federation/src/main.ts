import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { servePage } from './page.js';
import { applications, host, pageOrigin, port } from './settings.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['warn', 'error', 'fatal'] });
app.enableShutdownHooks();
// The page may live on another origin. It sends a header, no cookie, so nothing else has to be allowed.
app.enableCors({ origin: pageOrigin, methods: ['GET', 'POST'], allowedHeaders: ['Authorization'] });
if (applications.length > 0) servePage(app);
await app.listen(port, host);
process.send?.('ready'); // for a process manager that waits for it, as start.mjs does
