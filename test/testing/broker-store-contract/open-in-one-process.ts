import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What stands for a store, where it is about the processes alone. At the place `client` it has one that `close` forgets. */
export function open(place: string) {
  if (place === 'client') createServer().listen(0, '127.0.0.1');
  let ended = 0;
  return {
    now: async () => (place === 'clock' ? new Date().getTime() : process.pid),
    ping: async () => {
      if (place === 'busy') for (;;);
      throw new Error('no answer');
    },
    /** Takes as many ms as the id says. */
    find: async (_kind: string, id: string) => {
      await delay(Number(id));
      ended += 1;
      return 'found';
    },
    /** How many `find` have ended. */
    purgeExpired: async () => ended,
    close: async () => undefined,
  };
}
