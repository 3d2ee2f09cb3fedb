/**
 * Runs three applications that trust each other, beside the quickstart's demo identity provider: two of Nest, and one in
 * Python. Who trusts whom is settled before any of them runs, so ports are chosen first.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPythonPeer } from '../../scripts/python/install.mjs';
import { start, stop, stopAtSignals } from '../../scripts/start/children.mjs';
import { startDemoProvider } from '../../scripts/start/demo-provider.mjs';
import { greet, people } from '../../scripts/start/greeting.mjs';
import { keptDatabase, keptFolder, keptKey } from '../../scripts/start/kept.mjs';
import { freePort } from '../../scripts/start/ports.mjs';
import { buildLibrary, buildSample, programOf } from '../../scripts/start/samples.mjs';

const SAMPLE = '05-federation';

stopAtSignals();
try {
  const python = await installPythonPeer(console.log);
  buildLibrary();
  buildSample('01-quickstart', { folders: ['src', 'idp'] });
  buildSample(SAMPLE);

  const ports = [await freePort('PORT', 3006)];
  ports.push(await freePort('PORT_2', 3007, ...ports));
  ports.push(await freePort('PORT_3', 3008, ...ports));
  const [orders, billing, inventory] = ['orders', 'billing', 'inventory'].map((name, index) => {
    const url = `http://localhost:${ports[index]}/`;
    return { name, url, issuer: `${url}api`, port: ports[index] };
  });
  const all = [orders, billing, inventory];
  const { client, users } = await startDemoProvider(
    all.map(({ url }) => url),
    await freePort('IDP_PORT', 4000, ...ports),
  );
  const folder = keptFolder(SAMPLE);
  const folderOf = ({ name }) => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const database = (application) =>
    keptDatabase(folderOf(application), client.OIDC_DISCOVERY_URL, client.OIDC_CLIENT_ID, application.issuer);

  const environment = ({ name, url, port }, trustedIssuers) => ({
    ...client,
    NAME: name,
    PORT: String(port),
    PUBLIC_URL: url,
    PAGE_ORIGIN: new URL(orders.url).origin,
    TRUSTED_ISSUERS: JSON.stringify(trustedIssuers),
  });
  const startNest = (application, trustedIssuers, more = {}) =>
    start(application.name, programOf(SAMPLE, 'src/main.js'), {
      ...environment(application, trustedIssuers),
      BROKER_STORE_URL: database(application).url,
      ENCRYPTION_KEYS: keptKey(folderOf(application)),
      ...more,
    });

  await Promise.all([
    // Whatever inventory says of its users, none of them is an admin here.
    startNest(orders, [billing.issuer, { issuer: inventory.issuer, roles: ['user'] }], {
      APPLICATIONS: all.map(({ url }) => url).join(' '),
    }),
    startNest(billing, [orders.issuer, inventory.issuer]),
    start(inventory.name, fileURLToPath(new URL('inventory.mjs', import.meta.url)), {
      ...environment(inventory, [orders.issuer, billing.issuer]),
      PYTHON: python,
      DATABASE: database(inventory).file,
    }),
  ]);
  greet([
    ['Page', orders.url],
    ...all.map(({ name, url }) => [name, url]),
    ...people(users),
    ['Provider', `${new URL(client.OIDC_DISCOVERY_URL).origin}/ (a demo, for this machine only)`],
    ['Data in', folder],
  ]);
} catch (error) {
  stop(1, error.message);
}
