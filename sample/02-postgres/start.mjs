/**
 * Runs two instances of the application on one PostgreSQL, beside the quickstart's demo identity provider. The database
 * is the one at POSTGRES_URL, else one that is started for the occasion.
 */
import { fileURLToPath } from 'node:url';
import { start, stop, stopAtSignals } from '../../scripts/start/children.mjs';
import { startDemoProvider } from '../../scripts/start/demo-provider.mjs';
import { greet, people } from '../../scripts/start/greeting.mjs';
import { keptFolder, keptKey } from '../../scripts/start/kept.mjs';
import { freePort } from '../../scripts/start/ports.mjs';
import { buildLibrary, buildSample, programOf } from '../../scripts/start/samples.mjs';

const SAMPLE = '02-postgres';

stopAtSignals();
try {
  buildLibrary();
  buildSample('01-quickstart', { folders: ['src', 'idp'] });
  buildSample(SAMPLE);

  const ports = [await freePort('PORT', 3001)];
  ports.push(await freePort('PORT_2', 3002, ...ports));
  const pages = ports.map((port) => `http://localhost:${port}/`);
  const { client, users } = await startDemoProvider(pages, await freePort('IDP_PORT', 4000, ...ports));
  const database = process.env.POSTGRES_URL || (await startPostgres());

  for (const [index, port] of ports.entries()) {
    // One after the other: TypeORM's `synchronize` is not made for two at once.
    await start(`instance ${index + 1}`, programOf(SAMPLE, 'src/main.js'), {
      ...client,
      PORT: String(port),
      PUBLIC_URL: pages[0],
      POSTGRES_URL: database,
      ENCRYPTION_KEYS: process.env.ENCRYPTION_KEYS || keptKey(keptFolder(SAMPLE)),
    });
  }
  greet([
    ...pages.map((page, index) => [`Instance ${index + 1}`, page]),
    ...people(users),
    ['Provider', `${new URL(client.OIDC_DISCOVERY_URL).origin}/ (a demo, for this machine only)`],
    ['Database', process.env.POSTGRES_URL ? 'the one at POSTGRES_URL' : `${database} (gone when this ends)`],
  ]);
} catch (error) {
  stop(1, error.message);
}

async function startPostgres() {
  const port = await freePort('POSTGRES_PORT', 0);
  return start('database', fileURLToPath(new URL('postgres.mjs', import.meta.url)), { PORT: String(port) });
}
