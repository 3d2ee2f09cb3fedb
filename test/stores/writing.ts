/** Inserts markers one after the other and says how many are acknowledged, until it is killed: `writing.ts <URL> <from>`. */
import { openBrokerStore } from '../../lib/store/store-from-url.js';

const [url, from] = process.argv.slice(2);
const store = await openBrokerStore(url!);
await store.setup();
const expiresAt = (await store.now()) + 600_000;
for (let index = Number(from) + 1; ; index++) {
  const record = { version: 1, payload: `of ${index}`, expiresAt };
  // Of a process that was killed before it could say so, the record may be there already.
  await store.insert('marker', `id-${index}`, record);
  process.send!(index);
}
