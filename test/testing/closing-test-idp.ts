/** Starts test identity providers and closes them, one with requests under way. Then nothing may keep the process alive. */
import { startTestIdp } from '../../lib/testing/test-idp/index.js';

const idle = await startTestIdp({ signingAlgorithm: 'ES256' });
await fetch(idle.discoveryUrl).then((response) => response.text());
await idle.close();

const busy = await startTestIdp({ signingAlgorithm: 'ES256' });
busy.faults.once('discovery', 'hang', { slow: 3_600_000 });
const requests = [fetch(busy.discoveryUrl), fetch(busy.discoveryUrl)];
while (busy.requests('discovery').length < 2) await new Promise((resolve) => setImmediate(resolve));
await busy.close();
const outcomes = await Promise.allSettled(requests);
process.stdout.write(outcomes.map(({ status }) => status).join(' '));
