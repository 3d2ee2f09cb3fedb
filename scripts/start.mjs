/**
 * `npm start`: builds what has changed, then runs the quickstart application beside a demo identity provider, in broker
 * mode, or with `--pass-through` in pass-through mode. With OIDC_DISCOVERY_URL set, the application signs its users in
 * there instead.
 */
import { relative } from 'node:path';
import { start, stop, stopAtSignals } from './start/children.mjs';
import { startDemoProvider } from './start/demo-provider.mjs';
import { greet, people } from './start/greeting.mjs';
import { keptDatabase, keptFolder, keptKey } from './start/kept.mjs';
import { wantedMode } from './start/mode.mjs';
import { freePort } from './start/ports.mjs';
import { buildLibrary, buildSample, programOf } from './start/samples.mjs';

const SAMPLE = '01-quickstart';
const { OIDC_DISCOVERY_URL: discoveryUrl, OIDC_CLIENT_ID: clientId, BROKER_STORE_URL: storeUrl } = process.env;

stopAtSignals();
try {
  const mode = wantedMode();
  if (discoveryUrl && !clientId) {
    throw new Error('OIDC_DISCOVERY_URL needs OIDC_CLIENT_ID, and OIDC_CLIENT_SECRET unless the client is public.');
  }
  buildLibrary();
  buildSample(SAMPLE, { folders: ['src', 'idp'] });

  const port = await freePort('PORT', 3000);
  const page = `http://localhost:${port}/`;
  const demo = discoveryUrl ? undefined : await startDemoProvider([page], await freePort('IDP_PORT', 4000, port));
  const provider = discoveryUrl ?? demo.client.OIDC_DISCOVERY_URL;

  const folder = keptFolder(SAMPLE);
  const database = keptDatabase(folder, provider, clientId ?? demo.client.OIDC_CLIENT_ID, page);
  await start('application', programOf(SAMPLE, 'src/main.js'), {
    ...demo?.client,
    DEMO_PROVIDER: String(demo !== undefined),
    PORT: String(port),
    MODE: mode,
    BROKER_STORE_URL: storeUrl || database.url,
    ENCRYPTION_KEYS: process.env.ENCRYPTION_KEYS || keptKey(folder),
  });

  greet([
    ['Quickstart', page],
    ...(demo ? people(demo.users) : []),
    ['Provider', demo ? `${new URL(provider).origin}/ (a demo, for this machine only)` : new URL(provider).origin],
    ...(demo ? [] : [['Allow there', `${page} as redirect URI and as post-logout redirect URI of client ${clientId}`]]),
    ...(mode === 'broker'
      ? [
          ['Broker mode', 'the application issues tokens of its own; npm start -- --pass-through shows the other mode'],
          ['Sessions in', storeUrl ? 'the database at BROKER_STORE_URL' : shortest(database.file)],
        ]
      : [['Pass-through', "clients get the provider's tokens; npm start alone shows broker mode"]]),
  ]);
} catch (error) {
  stop(1, error.message);
}

function shortest(path) {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}
