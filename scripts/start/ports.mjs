import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Systems hand out others to whoever connects, or listens on any port: nobody takes one of these by chance before the
 * program listens that it was chosen for.
 */
const FIRST = 20_000;
const LAST = 32_767;

/**
 * The wanted port or the next free one, on every address by which "localhost" may be reached.
 *
 * @param taken ports that were chosen before, for programs that do not listen yet
 */
export async function freePort(variable, standard, ...taken) {
  const wanted = Number(process.env[variable] ?? standard);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535)
    throw new Error(`${variable} must be a port, 0 to 65535.`);
  if (wanted === 0) return anyFreePort(...taken);
  for (let candidate = wanted; candidate <= 65535; candidate++) {
    if (taken.includes(candidate) || !(await isFree(candidate))) continue;
    if (candidate !== wanted) console.log(`Port ${wanted} is in use, so ${candidate} it is.`);
    return candidate;
  }
  throw new Error(`No port from ${wanted} on is free.`);
}

/** For a program that has to be told its port, as others are told where it will be. */
export async function anyFreePort(...taken) {
  for (;;) {
    const candidate = randomInt(FIRST, LAST + 1);
    if (!taken.includes(candidate) && (await isFree(candidate))) return candidate;
  }
}

async function isFree(candidate) {
  for (const host of ['127.0.0.1', '::1', undefined]) {
    const result = await new Promise((resolve) => {
      const server = createServer();
      server.once('error', ({ code }) => resolve(code));
      server.listen(candidate, host, () => server.close(() => resolve('free')));
    });
    // A machine without IPv6 has no ::1, and nobody can be in the way there.
    if (result !== 'free' && result !== 'EADDRNOTAVAIL' && result !== 'EAFNOSUPPORT') return false;
  }
  return true;
}
