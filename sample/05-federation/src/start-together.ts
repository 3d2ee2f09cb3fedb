import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { trustedIssuers } from './settings.js';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

/**
 * Instead of `app.listen`, for applications that ask for each other's keys when they start, and are all started at once. Each
 * opens its door, waits until the others' are open, and answers once it is ready. Where this is left out, whoever is first
 * says in its log that the others cannot be reached, and asks again when one of their tokens comes.
 */
export async function startTogether(app: NestExpressApplication, port: number, host: string): Promise<void> {
  let waiting: (() => void)[] | undefined = [];
  app.use((_request: unknown, _response: unknown, next: () => void) => {
    if (waiting === undefined) next();
    else waiting.push(next);
  });

  const server = app.getHttpServer();
  server.listen(port, host);
  await once(server, 'listening');

  const peers = trustedIssuers.map((trusted) => new URL(typeof trusted === 'string' ? trusted : trusted.issuer));
  await Promise.race([Promise.all(peers.map(listening)), setTimeout(PATIENCE_MS, undefined, { ref: false })]);
  await app.init();
  const early = waiting;
  waiting = undefined;
  for (const next of early) next();
}

/** Resolves when somebody listens there. */
async function listening({ hostname, port }: URL): Promise<void> {
  for (;;) {
    const socket = connect(Number(port), hostname);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await setTimeout(PAUSE_MS, undefined, { ref: false });
  }
}
