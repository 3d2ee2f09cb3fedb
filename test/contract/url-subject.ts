import { fileURLToPath } from 'node:url';
import { startProxy } from '../fixtures/databases/index.js';
import type { BrokerStoreSubject } from './broker-store-contract.js';
import { open } from './url-store.js';

const loader = new URL('../fixtures/process/register.mjs', import.meta.url);

/** Stores that a URL names, each of whose databases is fresh. */
export function urlSubject(create: () => Promise<string>, options: { network: boolean }): BrokerStoreSubject {
  const subject: BrokerStoreSubject = {
    create,
    open,
    process: {
      module: new URL('./url-store.ts', import.meta.url).href,
      execArgv: ['--import', fileURLToPath(loader)],
    },
  };
  if (!options.network) return subject;
  return {
    ...subject,
    interpose: async (place) => {
      const { url, loseNextAnswer, close } = await startProxy(place);
      return { place: url, loseNextAnswer, close };
    },
  };
}
