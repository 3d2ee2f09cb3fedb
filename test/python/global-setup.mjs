import { installPythonClient, installPythonPeer } from '../../scripts/python/install.mjs';

/** One of each environment for all files. Where one cannot be had the run fails: these tests are never skipped. */
export default async function setup({ provide }) {
  provide('python', await installPythonClient(console.log));
  provide('peerPython', await installPythonPeer(console.log));
}
