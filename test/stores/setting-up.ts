/** Sets up a store when it is told to, and then inserts or finds the one record: `setting-up.ts <URL>`. */
import { once } from 'node:events';
import { openBrokerStore } from '../../lib/store/store-from-url.js';

const store = await openBrokerStore(process.argv[2]!);
process.send!('ready');
await once(process, 'message');
try {
  await store.setup();
  const record = { version: 1, payload: '', expiresAt: (await store.now()) + 600_000 };
  const inserted = await store.insert('key', 'first', record);
  process.send!(inserted ? 'inserted' : (await store.find('key', 'first')) && 'found');
} catch (error) {
  process.send!(String(error));
}
await store.close();
process.disconnect();
