import { once } from 'node:events';
import { setInterval, setTimeout } from 'node:timers/promises';
import { Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { createClient, type RedisClientType } from 'redis';

export type Redis = RedisClientType;

/** The application's Redis: `@Inject(REDIS)`. */
export const REDIS = Symbol('REDIS');

const PATIENCE_MS = 3_000;

/** A client that fails soon, and sends nothing later. Without a Redis it goes on trying, so that the application starts. */
export async function openRedis(url: string): Promise<Redis> {
  const redis = createClient({
    url,
    // Nobody waits any more for what would be sent when Redis is back.
    disableOfflineQueue: true,
    commandOptions: { timeout: PATIENCE_MS },
    socket: {
      connectTimeout: PATIENCE_MS,
      socketTimeout: 2 * PATIENCE_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000),
    },
  });
  const log = new Logger('Redis');
  // An error that nobody listens to ends the process. Each attempt has one, so only what is new is said.
  let last = '';
  redis.on('ready', () => (last = ''));
  redis.on('error', ({ message }: Error) => {
    if (message !== last) log.warn(message);
    last = message;
  });
  void redis.connect().catch(() => undefined);
  await once(redis, 'ready').catch(() => undefined);
  void watch(redis);
  return redis;
}

/**
 * Connects anew where Redis hangs, or has gone without a word. By itself the client waits for TCP, which takes a quarter
 * of an hour; and as long as something is sent, its `socketTimeout` does not count.
 */
async function watch(redis: Redis): Promise<void> {
  for await (const _ of setInterval(PATIENCE_MS, null, { ref: false })) {
    if (!redis.isOpen) return;
    if (!redis.isReady) continue;
    const answer = redis.ping().catch(() => 'an error is an answer, too');
    const late = setTimeout(PATIENCE_MS, null, { ref: false });
    if ((await Promise.race([answer, late])) !== null || !redis.isReady) continue;
    redis.destroy();
    void redis.connect().catch(() => undefined);
  }
}

@Module({
  providers: [{ provide: REDIS, useFactory: () => openRedis(process.env['REDIS_URL'] ?? 'redis://localhost:6379') }],
  exports: [REDIS],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** Not in `onModuleDestroy`: refreshes that are under way are still finished after that. */
  onApplicationShutdown(): void {
    if (this.redis.isOpen) this.redis.destroy();
  }
}
