// `npm run keycloak`: a real Keycloak with the demo realm in the foreground, without containers. PORT chooses its port.
import { readFile } from 'node:fs/promises';
import { discoveryUrl, realmFile, startKeycloak } from './keycloak/start.mjs';
import { freePort } from './start/ports.mjs';

const { realm, users, clients } = JSON.parse(await readFile(realmFile, 'utf8'));

function describe({ url, exited }) {
  console.log(`\nKeycloak runs with the realm "${realm}":\n  ${discoveryUrl(url)}`);
  if (exited) console.log(`  administration: ${url}/admin (admin / admin)`);

  console.log('\nUsers:');
  for (const { username, credentials, realmRoles } of users) {
    const roles = realmRoles.filter((role) => !role.startsWith('default-roles'));
    console.log(`  ${username} / ${credentials[0].value} (${roles.join(', ')})`);
  }

  console.log('\nClients, each with the line that starts the quickstart with it:');
  for (const { clientId, name, secret } of clients) {
    const client = `OIDC_CLIENT_ID=${clientId}${secret ? ` OIDC_CLIENT_SECRET=${secret}` : ''}`;
    console.log(`  ${name}\n    OIDC_DISCOVERY_URL=${discoveryUrl(url)} ${client} npm start`);
  }
}

// Its data is in memory: on the way out Keycloak is just ended (start.mjs), also while it still starts.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  const keycloak = await startKeycloak({ port: await freePort('PORT', 0), log: console.log });
  describe(keycloak);
  if (keycloak.exited) {
    console.log('\nCtrl-C stops it.');
    await keycloak.exited;
    await keycloak.stop();
    throw new Error('Keycloak ended by itself.');
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
