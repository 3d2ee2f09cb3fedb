/**
 * `npm start`: builds what has changed, then runs the quickstart application beside a demo identity provider.
 * With OIDC_DISCOVERY_URL set, the application signs its users in there instead.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from './start/build.mjs';
import { start, stop } from './start/children.mjs';
import { freePort } from './start/ports.mjs';

const SAMPLE = 'sample/01-quickstart';
const program = (path) => fileURLToPath(new URL(`../${SAMPLE}/dist/${path}`, import.meta.url));

const { OIDC_DISCOVERY_URL: discoveryUrl, OIDC_CLIENT_ID: clientId } = process.env;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0));

try {
  if (discoveryUrl && !clientId) {
    throw new Error('OIDC_DISCOVERY_URL needs OIDC_CLIENT_ID, and OIDC_CLIENT_SECRET unless the client is public.');
  }
  buildAll();
  const port = await freePort('PORT', 3000);
  const page = `http://localhost:${port}/`;
  const provider = discoveryUrl ? {} : await startDemoProvider(page, await freePort('IDP_PORT', 4000, port));
  await start('application', program('src/main.js'), { ...provider, PORT: String(port) });
  await greet(page, discoveryUrl ?? provider.OIDC_DISCOVERY_URL);
} catch (error) {
  stop(1, error.message);
}

function buildAll() {
  build('the library', {
    sources: ['lib', 'tsconfig.json', 'tsconfig.build.json'],
    result: 'dist/index.js',
    command: ['typescript/bin/tsc', '--project', 'tsconfig.build.json'],
  });
  build('the quickstart', {
    sources: [`${SAMPLE}/src`, `${SAMPLE}/idp`, `${SAMPLE}/tsconfig.json`, 'dist/index.js'],
    result: `${SAMPLE}/dist/src/main.js`,
    command: ['typescript/bin/tsc', '-p', SAMPLE],
  });
}

/** @returns what the application has to know of its identity provider, as environment. */
async function startDemoProvider(page, port) {
  const issuer = `http://localhost:${port}`;
  const client = {
    OIDC_CLIENT_ID: 'quickstart',
    OIDC_CLIENT_SECRET: randomBytes(32).toString('base64url'),
    OIDC_AUDIENCE: 'urn:quickstart',
  };
  await start('identity provider', program('idp/main.js'), {
    ...client,
    PORT: String(port),
    ISSUER: issuer,
    APPLICATION_URLS: `${page} ${page.replace('localhost', '127.0.0.1')}`,
  });
  return { ...client, OIDC_DISCOVERY_URL: `${issuer}/.well-known/openid-configuration`, DEMO_PROVIDER: 'true' };
}

async function greet(page, usedDiscoveryUrl) {
  const { origin } = new URL(usedDiscoveryUrl);
  const lines = [['Quickstart', page]];
  if (discoveryUrl) {
    lines.push(['Provider', origin]);
    lines.push(['Allow there', `${page} as redirect URI and as post-logout redirect URI of client ${clientId}`]);
  } else {
    const { users } = await import(new URL(`../${SAMPLE}/dist/idp/users.js`, import.meta.url).href);
    for (const { username, password, roles } of users) {
      lines.push(['Log in as', `${`${username} / ${password}`.padEnd(20)} (${roles.join(', ')})`]);
    }
    lines.push(['Provider', `${origin}/ (a demo, for this machine only)`]);
  }
  console.log(`\n${lines.map(([name, text]) => `  ${name.padEnd(12)} ${text}`).join('\n')}\n\n  Ctrl-C stops it.\n`);
}
