import { RedisBrokerStore } from '../../sample/04-custom-store/src/redis-broker-store.js';
import { openRedis, type Redis } from '../../sample/04-custom-store/src/redis.js';

/** The sample's store with a client of its own, which ends with it: in the sample, the application ends it. */
class OpenedStore extends RedisBrokerStore {
  constructor(
    readonly client: Redis,
    prefix: string,
  ) {
    super(client, prefix);
  }

  override async close(): Promise<void> {
    if (this.client.isOpen) this.client.destroy();
  }
}

/** Opens stores by the URL of a Redis with the prefix as its fragment, here and in other processes. */
export async function open(place: string): Promise<OpenedStore> {
  const url = new URL(place);
  const prefix = url.hash.slice(1);
  url.hash = '';
  return new OpenedStore(await openRedis(url.href), prefix);
}
