import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { start } from './children.mjs';
import { programOf } from './samples.mjs';

const QUICKSTART = '01-quickstart';

/**
 * Starts the demo identity provider. It is the quickstart's: that has to be built.
 *
 * @returns what an application has to know of it, as environment, and who can log in there
 */
export async function startDemoProvider(applicationUrls, port) {
  const issuer = `http://localhost:${port}`;
  const client = {
    OIDC_CLIENT_ID: 'quickstart',
    OIDC_CLIENT_SECRET: randomBytes(32).toString('base64url'),
    OIDC_AUDIENCE: 'urn:quickstart',
  };
  await start('identity provider', programOf(QUICKSTART, 'idp/main.js'), {
    ...client,
    PORT: String(port),
    ISSUER: issuer,
    APPLICATION_URLS: applicationUrls.flatMap((url) => [url, url.replace('localhost', '127.0.0.1')]).join(' '),
  });
  const { users } = await import(pathToFileURL(programOf(QUICKSTART, 'idp/users.js')).href);
  return { client: { ...client, OIDC_DISCOVERY_URL: `${issuer}/.well-known/openid-configuration` }, users };
}
