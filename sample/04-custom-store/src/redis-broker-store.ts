import { Logger } from '@nestjs/common';
import {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
} from 'nestjs-oidc-auth';
import { setTimeout } from 'node:timers/promises';
import type { RedisClientType, RedisClusterType } from 'redis';

/** A script is one step of Redis, and TIME the only clock. A name is `kind/id`; `~` comes after all characters of ids. */
const SCRIPT = `
local call, store = redis.call, {}
local records, lists, ends = unpack(KEYS) -- entries by name; list and name in the order of codes; names by their end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function write(name, entry) -- or removes. A full Redis refuses HSET, which is first, and so the whole of it
  local old = call('HGET', records, name)
  if entry then call('HSET', records, name, entry) else call('HDEL', records, name) end
  for _, list in ipairs(old and cjson.decode(old).lists or {}) do call('ZREM', lists, list .. name) end
  for _, list in ipairs(entry and cjson.decode(entry).lists or {}) do call('ZADD', lists, 0, list .. name) end
  if entry then call('ZADD', ends, cjson.decode(entry).record.expiresAt, name) else call('ZREM', ends, name) end
  return 1
end

function store.now() return now end
function store.find(name) return tonumber(call('ZSCORE', ends, name) or 0) > now and call('HGET', records, name) end
function store.insert(name, entry) return store.find(name) and 0 or write(name, entry) end
function store.replace(name, version, entry)
  local old = store.find(name)
  return old and cjson.decode(old).record.version == tonumber(version) and write(name, entry) or 0
end
function store.remove(name) return store.find(name) and write(name) or 0 end
function store.list(list, kind, after, limit)
  local last, found, members = list .. kind .. after, {}
  repeat
    members = call('ZRANGE', lists, '(' .. last, '(' .. list .. kind .. '~', 'BYLEX', 'LIMIT', 0, limit - #found)
    for _, member in ipairs(members) do
      local entry = store.find(member:sub(#list + 1))
      if entry then table.insert(found, { member:sub(#list + #kind + 1), entry }) end
    end
    last = members[#members]
  until not last or #found == tonumber(limit)
  return found
end
function store.removeAll(list, kind, limit)
  local found = store.list(list, kind, '', limit)
  for _, pair in ipairs(found) do write(kind .. pair[1]) end
  return #found
end
function store.purgeExpired(limit)
  local names = call('ZRANGE', ends, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for _, name in ipairs(names) do write(name) end
  return #names
end
function store.evicting() return tostring(redis.pcall('INFO', 'memory')):match('maxmemory_policy:(allkeys%S+)') end
return store[ARGV[1]](unpack(ARGV, 2))`;
const listOf = ({ subject = '', sid = '' }: BrokerRecordFilter) => `${subject}/${sid}/`;

/** A record, and in which lists a filter finds it. Lua only reads it, so that no number changes. */
function toEntry({ version, payload, expiresAt, subject, sid }: BrokerRecord): string {
  const lists = new Set([{}, { subject }, { sid }, { subject, sid }].map(listOf));
  return JSON.stringify({ record: { version, payload, expiresAt, subject, sid }, lists: [...lists] });
}
const toRecord = (entry: string) => (JSON.parse(entry) as { record: BrokerRecord }).record;

/** Broker mode's records in three keys of one slot of a Redis 6.2 or newer. redis.ts says how its client must be made. */
export class RedisBrokerStore extends BrokerStore {
  constructor(
    private readonly redis: Pick<RedisClientType | RedisClusterType, 'eval'>,
    private readonly prefix = 'oidc-auth',
  ) {
    super();
  }

  private run<T>(...args: string[]): Promise<T> {
    const keys = ['records', 'lists', 'ends'].map((name) => `{${this.prefix}}:${name}`);
    const answer = this.redis.eval(SCRIPT, { keys, arguments: args }) as Promise<T>;
    const late = setTimeout(4_000, null, { ref: false }).then(() => Promise.reject(new Error('no answer from Redis')));
    return Promise.race([answer, late]);
  }
  override async setup() {
    const policy = await this.run('evicting');
    if (policy) new Logger('RedisBrokerStore').warn(`maxmemory-policy is ${policy}: a full Redis ends all sessions`);
  }
  override async close() {}
  override async ping() {
    await this.now();
  }
  override async now(): Promise<number> {
    return this.run('now');
  }
  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return (await this.run('insert', `${kind}/${id}`, toEntry(record))) === 1;
  }
  override async find(kind: BrokerRecordKind, id: string) {
    const entry = await this.run<string | null>('find', `${kind}/${id}`);
    return entry === null ? null : toRecord(entry);
  }
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    return (await this.run('replace', `${kind}/${id}`, `${version}`, toEntry(record))) === 1;
  }
  override async remove(kind: BrokerRecordKind, id: string) {
    return (await this.run('remove', `${kind}/${id}`)) === 1;
  }
  override async list(kind: BrokerRecordKind, filter: BrokerRecordFilter, { after = '', limit }: BrokerRecordPage) {
    const found = await this.run<[string, string][]>('list', listOf(filter), `${kind}/`, after, `${limit}`);
    return found.map(([id, entry]) => ({ id, ...toRecord(entry) }));
  }
  override async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    const removed = await this.run<number>('removeAll', listOf(filter), `${kind}/`, '500');
    return removed < 500 ? removed : removed + (await this.removeAll(kind, filter));
  }
  override async purgeExpired(limit: number): Promise<number> {
    return this.run('purgeExpired', `${limit}`);
  }
}
