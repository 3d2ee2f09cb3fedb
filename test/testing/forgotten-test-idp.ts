/** Starts a test identity provider and forgets to close it, at the port that is given, or left out. */
import { startTestIdp } from '../../lib/testing/test-idp/index.js';

const [port] = process.argv.slice(2);
const options = port === undefined ? {} : { port: Number(port) };
const idp = await startTestIdp({ signingAlgorithm: 'ES256', ...options });
// Neither has one that has been down and up again.
await idp.down();
await idp.up();
await fetch(idp.discoveryUrl).then((response) => response.text());
process.once('beforeExit', () => process.stdout.write('nothing left to do'));
process.stdout.write(`${idp.discoveryUrl}\n`);
