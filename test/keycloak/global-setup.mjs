import { discoveryUrl, startKeycloak } from '../../scripts/keycloak/start.mjs';

/** One Keycloak for all files. Where it cannot be had the run fails: these tests are never skipped. */
export default async function setup({ provide }) {
  const keycloak = await startKeycloak({ log: console.log });
  provide('discoveryUrl', discoveryUrl(keycloak.url));
  return keycloak.stop;
}
