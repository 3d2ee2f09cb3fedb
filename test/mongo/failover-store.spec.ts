import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerStore } from '../../lib/index.js';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { administerMongo, startReplicaSet, withMongoDatabase, type ReplicaSet } from '../fixtures/databases/index.js';
import { failures } from './primary-failures.js';

const WRITERS = 6;

let set: ReplicaSet;
let writing: BrokerStore;
let reading: BrokerStore;
beforeAll(async () => {
  set = await startReplicaSet(3);
  const url = withMongoDatabase(set.url, 'records');
  [writing, reading] = await Promise.all([openBrokerStore(url), openBrokerStore(url)]);
  await writing.setup();
});
afterAll(async () => {
  await Promise.all([writing.close(), reading.close()]);
  await set.remove();
});

const record = (version: number) => ({ version, payload: `v${version}`, expiresAt: Date.now() + 3_600_000 });

/** The only writer of a record, who knows at each moment what must be stored, and what may be. */
class Writer {
  /** Of the last write that was acknowledged. */
  acknowledged = 0;
  /** What was said or found that cannot be. */
  readonly lies: string[] = [];
  /** A write of the next version was rejected: it may have been made, or be made yet. */
  private isInDoubt = false;

  constructor(private readonly id: string) {}

  async write(): Promise<void> {
    const next = this.acknowledged + 1;
    try {
      const isDone =
        next === 1
          ? await writing.insert('grant', this.id, record(1))
          : await writing.replace('grant', this.id, next - 1, record(next));
      if (!isDone && !this.isInDoubt) this.lies.push(`version ${next} was refused, and nobody else has written`);
      this.acknowledged = next;
      this.isInDoubt = false;
    } catch {
      this.isInDoubt = true;
    }
  }

  async read(): Promise<void> {
    const atLeast = this.acknowledged;
    const found = await reading.find('grant', this.id).catch(() => undefined);
    if (found === undefined) return;
    const version = found?.version ?? 0;
    if (version < atLeast) this.lies.push(`version ${version} was read, and ${atLeast} had been acknowledged`);
    if (found !== null && found.payload !== `v${version}`) this.lies.push(`version ${version} has ${found.payload}`);
  }
}

describe('while a member is down', () => {
  it('set-up makes what indexes are missing all the same', async () => {
    const url = withMongoDatabase(set.url, 'set_up_again');
    const store = await openBrokerStore(url);
    await store.setup();
    // In a collection with nothing in it no index takes any time, and nobody is waited for.
    await store.insert('key', 'id', record(1));
    await administerMongo(url, (client) => client.db().collection('oidc_auth_records').dropIndexes());
    const member = await set.secondary();
    await member.kill();
    await store.setup();
    await administerMongo(url, async (client) => {
      expect(await client.db().collection('oidc_auth_records').indexes()).toHaveLength(4);
    });
    await store.close();
    await member.start();
    await set.whole();
  }, 150_000);
});

describe.each(failures)('while a primary $failure', ({ failure, begin }) => {
  it('no acknowledged write is lost or missed by a reader, and none that was made is said not to be', async () => {
    const writers = Array.from({ length: WRITERS }, (_, n) => new Writer(`${failure.slice(0, 5).trim()}-${n}`));
    const over = new AbortController();
    const keepOn = async (work: () => Promise<void>) => {
      while (!over.signal.aborted) {
        await work();
        await setImmediate();
      }
    };
    const busy = writers.flatMap((writer) => [keepOn(() => writer.write()), keepOn(() => writer.read())]);
    const lies = () => writers.flatMap((writer) => writer.lies);
    /** Each has written some more times, unless something is wrong already. */
    const someMore = async () => {
      const until = writers.map(({ acknowledged }) => acknowledged + 3);
      const haveAll = () => writers.every(({ acknowledged }, n) => acknowledged >= until[n]!);
      await expect.poll(() => haveAll() || lies().length > 0, { timeout: 20_000 }).toBe(true);
    };
    await someMore();
    const mend = await begin(await set.primary(), set);
    await mend();
    await someMore();
    over.abort();
    await Promise.all(busy);
    for (const writer of writers) await writer.read();
    expect(lies()).toEqual([]);
  }, 150_000);
});
