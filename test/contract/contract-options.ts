import { fileURLToPath } from 'node:url';
import * as runner from 'vitest';
import type { BrokerStoreContractOptions, StoreProcess } from '../../lib/testing/index.js';
import { startProxy } from '../fixtures/databases/index.js';

const loader = fileURLToPath(new URL('../fixtures/process/register.mjs', import.meta.url));

/** A module in TypeScript, for processes of their own. */
export function storeProcess(module: URL): StoreProcess {
  return { module, execArgv: ['--import', loader] };
}

/** For stores that a URL names, each of whose databases is fresh. */
export function byUrl(create: () => Promise<string>): BrokerStoreContractOptions {
  return { runner, create, process: storeProcess(new URL('./open-by-url.ts', import.meta.url)) };
}

/** For those to whose databases a network leads. */
export function byServerUrl(create: () => Promise<string>): BrokerStoreContractOptions {
  return {
    ...byUrl(create),
    interpose: async (place) => {
      const { url, loseNextAnswer, freeze, thaw, close } = await startProxy(place);
      return { place: url, loseNextAnswer, hang: freeze, resume: thaw, close };
    },
  };
}
