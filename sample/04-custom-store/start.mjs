/**
 * Runs two instances of the application on one Redis, beside the quickstart's demo identity provider. The Redis is the one
 * at REDIS_URL, else one that is started for the occasion.
 */
import { fileURLToPath } from 'node:url';
import { start, stop, stopAtSignals } from '../../scripts/start/children.mjs';
import { startDemoProvider } from '../../scripts/start/demo-provider.mjs';
import { greet, people } from '../../scripts/start/greeting.mjs';
import { keptFolder, keptKey } from '../../scripts/start/kept.mjs';
import { freePort } from '../../scripts/start/ports.mjs';
import { buildLibrary, buildSample, programOf } from '../../scripts/start/samples.mjs';

const SAMPLE = '04-custom-store';

stopAtSignals();
try {
  buildLibrary();
  buildSample('01-quickstart', { folders: ['src', 'idp'] });
  buildSample(SAMPLE);

  const redis = process.env.REDIS_URL || (await startRedis());
  const ports = [await freePort('PORT', 3004)];
  ports.push(await freePort('PORT_2', 3005, ...ports));
  const pages = ports.map((port) => `http://localhost:${port}/`);
  const { client, users } = await startDemoProvider(pages, await freePort('IDP_PORT', 4000, ...ports));

  for (const [index, port] of ports.entries()) {
    await start(`instance ${index + 1}`, programOf(SAMPLE, 'src/main.js'), {
      ...client,
      PORT: String(port),
      PUBLIC_URL: pages[0],
      REDIS_URL: redis,
      ENCRYPTION_KEYS: process.env.ENCRYPTION_KEYS || keptKey(keptFolder(SAMPLE)),
    });
  }
  greet([
    ...pages.map((page, index) => [`Instance ${index + 1}`, page]),
    ...people(users),
    ['Provider', `${new URL(client.OIDC_DISCOVERY_URL).origin}/ (a demo, for this machine only)`],
    ['Redis', process.env.REDIS_URL ? 'the one at REDIS_URL' : `${redis} (gone when this ends)`],
  ]);
} catch (error) {
  stop(1, error.message);
}

async function startRedis() {
  const port = await freePort('REDIS_PORT', 0);
  return start('redis', fileURLToPath(new URL('redis.mjs', import.meta.url)), { PORT: String(port) });
}
