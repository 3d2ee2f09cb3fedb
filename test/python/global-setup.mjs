import { installPythonClient } from '../../scripts/python/install.mjs';

/** One environment for all files. Where it cannot be had the run fails: these tests are never skipped. */
export default async function setup({ provide }) {
  provide('python', await installPythonClient(console.log));
}
