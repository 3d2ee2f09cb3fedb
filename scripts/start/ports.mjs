import { createServer } from 'node:net';

/**
 * The wanted port or the next free one, on every address by which "localhost" may be reached.
 *
 * @param taken ports that were chosen before, for programs that do not listen yet
 */
export async function freePort(variable, standard, ...taken) {
  const wanted = Number(process.env[variable] ?? standard);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535)
    throw new Error(`${variable} must be a port, 0 to 65535.`);
  // 0 is any port, and the next one is as good.
  for (let candidate = wanted; candidate <= 65535; candidate += wanted === 0 ? 0 : 1) {
    const free = taken.includes(candidate) ? false : await listenable(candidate);
    if (!free || taken.includes(free)) continue;
    if (wanted !== 0 && candidate !== wanted) console.log(`Port ${wanted} is in use, so ${candidate} it is.`);
    return free;
  }
  throw new Error(`No port from ${wanted} on is free.`);
}

async function listenable(candidate) {
  let found = candidate;
  for (const host of ['127.0.0.1', '::1', undefined]) {
    const result = await new Promise((resolve) => {
      const server = createServer();
      server.once('error', ({ code }) => resolve(code));
      server.listen(found, host, () => {
        found = server.address().port;
        server.close(() => resolve('free'));
      });
    });
    // A machine without IPv6 has no ::1, and nobody can be in the way there.
    if (result !== 'free' && result !== 'EADDRNOTAVAIL' && result !== 'EAFNOSUPPORT') return false;
  }
  return found;
}
