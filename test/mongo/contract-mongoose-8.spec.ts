import * as runner from 'vitest';
import { describeBrokerStore } from '../../lib/testing/index.js';
import { mongoUrl, startProxy } from '../fixtures/databases/index.js';
import { storeProcess } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-mongoose-8.js';
import { direct } from './mongo-stores.js';

describeBrokerStore('MongooseBrokerStore on a connection of Mongoose 8', open, {
  runner,
  create: async () => direct(await mongoUrl()),
  process: storeProcess(new URL('../fixtures/stores/open-by-mongoose-8.ts', import.meta.url)),
  // Not `hang`: its driver takes ten seconds until it looks at a database again that has not answered.
  interpose: async (place) => {
    const { url, loseNextAnswer, close } = await startProxy(place);
    return { place: url, loseNextAnswer, close };
  },
});
