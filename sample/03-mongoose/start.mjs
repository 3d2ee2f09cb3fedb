/**
 * Runs the application on a MongoDB, beside the quickstart's demo identity provider. The database is the one at MONGO_URL,
 * else one that is started here and finds its data again at the next start.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMongod } from '../../scripts/mongodb/install.mjs';
import { start, stop, stopAtSignals } from '../../scripts/start/children.mjs';
import { startDemoProvider } from '../../scripts/start/demo-provider.mjs';
import { greet, people } from '../../scripts/start/greeting.mjs';
import { keptFolder, keptKey } from '../../scripts/start/kept.mjs';
import { freePort } from '../../scripts/start/ports.mjs';
import { buildLibrary, buildSample, programOf } from '../../scripts/start/samples.mjs';

const SAMPLE = '03-mongoose';

stopAtSignals();
try {
  buildLibrary();
  buildSample('01-quickstart', { folders: ['src', 'idp'] });
  buildSample(SAMPLE);

  const folder = keptFolder(SAMPLE);
  const database = process.env.MONGO_URL || (await startMongodb(join(folder, 'mongodb')));
  const port = await freePort('PORT', 3003);
  const page = `http://localhost:${port}/`;
  const { client, users } = await startDemoProvider([page], await freePort('IDP_PORT', 4000, port));
  await start('application', programOf(SAMPLE, 'src/main.js'), {
    ...client,
    PORT: String(port),
    PUBLIC_URL: page,
    MONGO_URL: database,
    ENCRYPTION_KEYS: process.env.ENCRYPTION_KEYS || keptKey(folder),
  });
  greet([
    ['Application', page],
    ...people(users),
    ['Provider', `${new URL(client.OIDC_DISCOVERY_URL).origin}/ (a demo, for this machine only)`],
    ['Database', process.env.MONGO_URL ? 'the one at MONGO_URL' : `${database} (kept for the next start)`],
  ]);
} catch (error) {
  stop(1, error.message);
}

async function startMongodb(data) {
  const program = await installMongod(console.log).catch((cause) => {
    throw new Error(`${cause.message}\n  - set MONGO_URL to a MongoDB that runs already`, { cause });
  });
  const port = await freePort('MONGO_PORT', 0);
  const env = { MONGOD: program, MONGO_DATA: data, PORT: String(port) };
  return start('database', fileURLToPath(new URL('mongodb.mjs', import.meta.url)), env);
}
