import { installMongod } from '../../scripts/mongodb/install.mjs';

/**
 * Before any test, so that it is fetched once. Where it cannot be had the run fails: these tests are never skipped. With
 * MONGO_URL a program is still needed for what is tried with servers that fail, and looked for by those tests alone.
 */
export default async function setup() {
  if (!process.env.MONGO_URL) await installMongod(console.log);
}
