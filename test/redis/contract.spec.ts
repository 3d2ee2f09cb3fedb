import { describeBrokerStore } from '../../lib/testing/index.js';
import { byServerUrl } from '../fixtures/stores/contract-options.js';
import { redisUrl } from '../fixtures/databases/index.js';
import { open } from './open-redis-store.js';

const options = byServerUrl(redisUrl);

describeBrokerStore('the sample’s RedisBrokerStore', open, {
  ...options,
  process: { ...options.process, module: new URL('./open-redis-store.ts', import.meta.url) },
});
