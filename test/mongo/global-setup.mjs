import { installMongod } from '../../scripts/mongodb/install.mjs';

/** Before any test, so that it is fetched once. Where it cannot be had the run fails: these tests are never skipped. */
export default async function setup() {
  await installMongod(console.log);
}
