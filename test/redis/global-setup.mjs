import { buildLibrary, buildSample } from '../../scripts/start/samples.mjs';

/** Samples see the library as users do: built. Here, once, as test files run at the same time. */
export default function setup() {
  buildLibrary();
  buildSample('01-quickstart', { folders: ['src', 'idp'] });
  buildSample('04-custom-store');
}
