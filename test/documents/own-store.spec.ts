import { describeBrokerStore } from '../../lib/testing/index.js';
import { onPostgres, storeProcess } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-document.js';

describeBrokerStore('a store of the statements that docs/own-store.md has for PostgreSQL', open, {
  ...onPostgres,
  process: storeProcess(new URL('../fixtures/stores/open-by-document.ts', import.meta.url)),
});
