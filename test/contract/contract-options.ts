import { fileURLToPath } from 'node:url';
import * as runner from 'vitest';
import type { BrokerStoreContractOptions } from '../../lib/testing/index.js';
import { startProxy } from '../fixtures/databases/index.js';

const loader = new URL('../fixtures/process/register.mjs', import.meta.url);

/** For stores that a URL names, each of whose databases is fresh. */
export function byUrl(create: () => Promise<string>): BrokerStoreContractOptions {
  return {
    runner,
    create,
    process: {
      module: new URL('./open-by-url.ts', import.meta.url),
      execArgv: ['--import', fileURLToPath(loader)],
    },
  };
}

/** For those to whose databases a network leads. */
export function byServerUrl(create: () => Promise<string>): BrokerStoreContractOptions {
  return {
    ...byUrl(create),
    interpose: async (place) => {
      const { url, loseNextAnswer, close } = await startProxy(place);
      return { place: url, loseNextAnswer, close };
    },
  };
}
