import { installMongod } from '../../scripts/mongodb/install.mjs';
import { buildLibrary, buildSample } from '../../scripts/start/samples.mjs';
import { expectUsable } from './given-server.ts';

/**
 * Before any test, so that it is done once. Where no MongoDB can be had the run fails: these tests are never skipped. With
 * MONGO_URL a program is still needed for what is tried with servers that fail, and looked for by those tests alone.
 */
export default async function setup() {
  const given = process.env.MONGO_URL;
  if (given) await expectUsable(given);
  else await installMongod(console.log);
  // Samples see the library as users do: built.
  buildLibrary();
  buildSample('01-quickstart', { folders: ['src', 'idp'] });
  buildSample('03-mongoose');
}
