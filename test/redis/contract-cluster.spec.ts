import { createCluster } from 'redis';
import * as runner from 'vitest';
import { RedisBrokerStore } from '../../sample/04-custom-store/src/redis-broker-store.js';
import { describeBrokerStore } from '../../lib/testing/index.js';
import { administerRedis, startRedis, type FreezableServer } from '../fixtures/databases/index.js';

const { afterAll, beforeAll, expect, vi } = runner;

let server: FreezableServer;
let cluster: ReturnType<typeof createCluster>;

/** Of one node: it refuses a script whose keys are in several slots, or were not told, as one of many does. */
beforeAll(async () => {
  server = await startRedis({ 'cluster-enabled': 'yes' });
  await administerRedis(server.url, async (redis) => {
    await redis.clusterAddSlotsRange({ start: 0, end: 16_383 });
    await vi.waitFor(async () => expect(await redis.clusterInfo()).toContain('cluster_state:ok'), 10_000);
  });
  cluster = createCluster({ rootNodes: [{ url: server.url }] });
  cluster.on('error', () => undefined);
  await cluster.connect();
});
afterAll(async () => {
  cluster?.destroy();
  await server?.remove();
});

describeBrokerStore('the sample’s RedisBrokerStore on a cluster', (place) => new RedisBrokerStore(cluster, place), {
  runner,
});
