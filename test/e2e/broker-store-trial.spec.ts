import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  MemoryBrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type BrokerStore,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

/** Why an application with this store does not start; `undefined` where it does. */
async function refusalOf(brokerStoreObj: BrokerStore): Promise<string | undefined> {
  try {
    const app = await startBroker(adapters[0], op, { auth: { brokerStoreObj } });
    await app.close();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'store_misconfigured' });
    return (error as Error).message;
  }
}

/** Writes what it makes of a record. */
class ChangingStore extends MemoryBrokerStore {
  constructor(private readonly change: (record: BrokerRecord) => BrokerRecord) {
    super();
  }
  override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return super.insert(kind, id, this.change(record));
  }
  override replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    return super.replace(kind, id, version, this.change(record));
  }
}

const withPayload = (change: (payload: string) => string) =>
  new ChangingStore((record) => ({ ...record, payload: change(record.payload) }));

/** Lists in a way of its own. */
class ListingStore extends MemoryBrokerStore {
  constructor(private readonly lists: (page: BrokerRecordPage) => BrokerRecordPage & { readonly reverse?: boolean }) {
    super();
  }
  override async list(kind: BrokerRecordKind, filter: BrokerRecordFilter, page: BrokerRecordPage) {
    const { reverse = false, ...changed } = this.lists(page);
    const found = await super.list(kind, filter, changed);
    return reverse ? found.toReversed() : found;
  }
}

/** Goes by language, in which case does not matter. */
class CaseInsensitiveStore extends MemoryBrokerStore {
  override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return super.insert(kind, id.toLowerCase(), record);
  }
}

/** Keeps fields of what was there before, also where that has expired or is replaced. */
class MergingStore extends MemoryBrokerStore {
  private readonly written = new Map<string, BrokerRecord>();
  constructor(private readonly merges: 'insert' | 'replace') {
    super();
  }
  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    const merged = this.merges === 'insert' ? { ...this.written.get(id), ...record } : record;
    const inserted = await super.insert(kind, id, merged);
    if (inserted) this.written.set(id, merged);
    return inserted;
  }
  override replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    const merged = this.merges === 'replace' ? { ...this.written.get(id), ...record } : record;
    return super.replace(kind, id, version, merged);
  }
}

/** Reads what it has read or written before. */
class CachingStore extends MemoryBrokerStore {
  private readonly read = new Map<string, BrokerRecord | null>();
  constructor(private readonly forgetsAt: 'replace' | 'remove') {
    super();
  }
  override async find(kind: BrokerRecordKind, id: string) {
    const found = this.read.get(id) ?? (await super.find(kind, id));
    this.read.set(id, found);
    return found;
  }
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    const replaced = await super.replace(kind, id, version, record);
    if (replaced && this.forgetsAt === 'replace') this.read.delete(id);
    return replaced;
  }
  override async remove(kind: BrokerRecordKind, id: string) {
    const removed = await super.remove(kind, id);
    if (removed && this.forgetsAt === 'remove') this.read.delete(id);
    return removed;
  }
}

/** Finds records by the subjects they were inserted with. */
class StaleIndexStore extends MemoryBrokerStore {
  private readonly subjects = new Map<string, string | undefined>();
  override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    this.subjects.set(id, record.subject);
    return super.insert(kind, id, record);
  }
  override async list(kind: BrokerRecordKind, { subject, sid }: BrokerRecordFilter, page: BrokerRecordPage) {
    const found = await super.list(kind, { sid }, { ...page, limit: 1_000 });
    return found.filter(({ id }) => subject === undefined || this.subjects.get(id) === subject).slice(0, page.limit);
  }
}

/** One method of it takes no notice of the end of a record's life. */
class ImmortalStore extends MemoryBrokerStore {
  private readonly ends = new Map<string, BrokerRecord>();
  constructor(private readonly overlooks: keyof BrokerStore) {
    super();
  }
  private ended(method: keyof BrokerStore, id: string) {
    return method === this.overlooks ? this.ends.get(id) : undefined;
  }
  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    if (this.ended('insert', id) !== undefined) return false;
    if (record.expiresAt < Date.now()) this.ends.set(id, record);
    return super.insert(kind, id, record);
  }
  override async find(kind: BrokerRecordKind, id: string) {
    return this.ended('find', id) ?? super.find(kind, id);
  }
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    return this.ended('replace', id) !== undefined || super.replace(kind, id, version, record);
  }
  override async remove(kind: BrokerRecordKind, id: string) {
    return this.ended('remove', id) !== undefined || super.remove(kind, id);
  }
  override async list(kind: BrokerRecordKind, filter: BrokerRecordFilter, page: BrokerRecordPage) {
    const found = await super.list(kind, filter, page);
    if (this.overlooks !== 'list') return found;
    const ended = [...this.ends].map(([id, record]) => ({ ...record, id }));
    return [...found, ...ended].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }
}

/** Puts what was removed back where it is replaced. */
class UpsertingStore extends MemoryBrokerStore {
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    if (version === 1) return super.replace(kind, id, version, record);
    return (await super.replace(kind, id, version, record)) || super.insert(kind, id, record);
  }
}

/** Removes more than one. */
class SweepingStore extends MemoryBrokerStore {
  override async remove(kind: BrokerRecordKind, id: string) {
    const removed = await super.remove(kind, id);
    if (removed) await super.removeAll(kind, {});
    return removed;
  }
}

/** Forgets the filter, or a half of it. */
class UnfilteringStore extends MemoryBrokerStore {
  constructor(private readonly filters: (filter: BrokerRecordFilter) => BrokerRecordFilter) {
    super();
  }
  override list(kind: BrokerRecordKind, filter: BrokerRecordFilter, page: BrokerRecordPage) {
    return super.list(kind, this.filters(filter), page);
  }
}

describe('an application does not start, and says what was due, where its store', () => {
  it.each<[string, () => BrokerStore, string | RegExp]>([
    [
      'cuts payloads at 64 KiB',
      () => withPayload((payload) => payload.slice(0, 65_535)),
      /^ChangingStore\.find\(\) breaks the contract of BrokerStore: it returned a record whose payload is a text of 65535 characters where a text of 7\d{4} characters was due: that was inserted\. /,
    ],
    ['trims payloads', () => withPayload((payload) => payload.trim()), /payload is a text of 7\d{4} characters where/],
    [
      'swallows backslashes',
      () => withPayload((payload) => payload.replaceAll('\\', '/')),
      '.find() breaks the contract of BrokerStore: it returned a record whose payload is another text than was due, from character 60 on: that was inserted.',
    ],
    [
      'keeps times in seconds',
      () => new ChangingStore((record) => ({ ...record, expiresAt: Math.floor(record.expiresAt / 1_000) * 1_000 - 1 })),
      /a record whose expiresAt is \d{10}999 where \d{13} was due: that was inserted/,
    ],
    [
      'forgets versions',
      () => new ChangingStore((record) => ({ ...record, version: 1 })),
      'a record whose version is 1 where 2 was due: that has replaced all of the record',
    ],
    [
      'does not tell ids apart by case',
      () => new CaseInsensitiveStore(),
      'CaseInsensitiveStore.insert() breaks the contract of BrokerStore: it returned false where true was due: nothing has this id yet, as ids are case-sensitive.',
    ],
    [
      'lists backwards',
      () => new ListingStore((page) => ({ ...page, reverse: true })),
      "ListingStore.list() breaks the contract of BrokerStore: it returned ids not in ascending order of their characters' codes.",
    ],
    [
      'lists what is not asked for any more',
      () => new ListingStore(({ limit }) => ({ limit })),
      'ListingStore.list() breaks the contract of BrokerStore: it returned a record whose id does not come after "after".',
    ],
    [
      'knows no limit',
      () => new ListingStore(({ after }) => ({ after, limit: 1_000 })),
      'ListingStore.list() breaks the contract of BrokerStore: it returned more records (2) than its limit (1).',
    ],
    [
      'leaves a record out after "after"',
      () => new ListingStore(({ after, limit }) => ({ limit, after: after && `${after.slice(0, -1)}_` })),
      'the trial\'s records [a] where [_] were due: "after" and "limit" ask for one, the next by the codes of its characters.',
    ],
    [
      'keeps old fields where it inserts over an expired record',
      () => new MergingStore('insert'),
      /MergingStore\.find\(\) .* a record whose subject is "s.{42}" where undefined was due.*: that was inserted in the place of one that had expired, all of it\./,
    ],
    [
      'keeps old fields where it replaces',
      () => new MergingStore('replace'),
      /MergingStore\.find\(\) .* a record whose subject is "s.{42}" where undefined was due: that has replaced all of the record\./,
    ],
    [
      'lists by subject alone',
      () => new UnfilteringStore(({ subject }) => ({ subject })),
      "the trial's records [A,_,a] where [A] were due: that has this subject and this sid.",
    ],
    [
      'finds by the old subject what was replaced',
      () => new StaleIndexStore(),
      "the trial's records [A,_,a] where [_,a] were due: what was replaced has no subject any more.",
    ],
    [
      'reads what it has read before a replacement',
      () => new CachingStore('remove'),
      /CachingStore\.find\(\) .* a record whose version is 1 where 2 was due, .*: that has replaced all of the record\./,
    ],
    [
      'reads what it has read before a removal',
      () => new CachingStore('replace'),
      'CachingStore.find() breaks the contract of BrokerStore: it returned a record where null was due: the record was just removed.',
    ],
    [
      'puts back by replace what was removed',
      () => new UpsertingStore(),
      'UpsertingStore.replace() breaks the contract of BrokerStore: it returned true where false was due: the record was just removed.',
    ],
    [
      'removes more than it is told',
      () => new SweepingStore(),
      "the trial's records [] where [_,a] were due: of these one was removed, and one has expired.",
    ],
    [
      'finds what has expired',
      () => new ImmortalStore('find'),
      '.find() breaks the contract of BrokerStore: it returned a record where null was due: the record has expired.',
    ],
    [
      'replaces what has expired',
      () => new ImmortalStore('replace'),
      '.replace() breaks the contract of BrokerStore: it returned true where false was due: the record has expired.',
    ],
    [
      'says that it has removed what had expired',
      () => new ImmortalStore('remove'),
      '.remove() breaks the contract of BrokerStore: it returned true where false was due: the record has expired.',
    ],
    [
      'lists what has expired',
      () => new ImmortalStore('list'),
      "the trial's records [_,a,x] where [_,a] were due: of these one was removed, and one has expired.",
    ],
    [
      'does not give an id free that has expired',
      () => new ImmortalStore('insert'),
      '.insert() breaks the contract of BrokerStore: it returned false where true was due: what has this id has expired.',
    ],
    [
      'has no name',
      () =>
        new (class extends MemoryBrokerStore {
          override async replace() {
            return true;
          }
        })(),
      'replace() of the broker store breaks the contract of BrokerStore: it returned true where false was due: the record has version 1, not 2.',
    ],
  ])('%s', async (_, open, message) => {
    const refusal = await refusalOf(open());
    expect(refusal).toMatch(message);
  });

  it('lists everybody’s records, of which nothing is said', async () => {
    const store = new UnfilteringStore(() => ({}));
    const [id, payload, subject] = ['0-an-id-of-somebody', 'a payload of somebody', 'a subject of somebody'];
    await store.insert('marker', id, { version: 1, payload, subject, expiresAt: Date.now() + 60_000 });
    const refusal = await refusalOf(store);
    expect(refusal).toContain(
      'UnfilteringStore.list() breaks the contract of BrokerStore: it returned records that the filter leaves out: that has this subject and this sid.',
    );
    for (const secret of [id, payload, subject]) expect(refusal).not.toContain(secret);
  });
});

describe('the trial of a store that keeps its contract', () => {
  it('touches no record but its own, leaves none behind, and takes some 25 statements', async () => {
    const statements: string[] = [];
    const store = new MemoryBrokerStore();
    const real: BrokerRecord = { version: 1, payload: 'real', expiresAt: Date.now() + 60_000 };
    for (const kind of ['key', 'grant', 'peer', 'marker'] as const) await store.insert(kind, `real-${kind}`, real);
    const counted = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]): unknown => {
          if (parameters[0] === 'marker') statements.push(String(name));
          return member.apply(target, parameters);
        };
      },
    });
    expect(await refusalOf(counted)).toBeUndefined();
    expect(statements.length).toBeLessThanOrEqual(25);
    expect(statements).not.toContain('removeAll');
    expect(await store.list('marker', {}, { limit: 10 })).toEqual([{ ...real, id: 'real-marker' }]);
    for (const kind of ['grant', 'peer', 'marker'] as const) {
      expect(await store.find(kind, `real-${kind}`)).toEqual(real);
    }
    expect(await store.purgeExpired(10)).toBe(0);
  });

  it('may be made by several applications at once', async () => {
    const store = new MemoryBrokerStore();
    expect(await Promise.all([1, 2, 3].map(() => refusalOf(store)))).toEqual([undefined, undefined, undefined]);
    expect(await store.list('marker', {}, { limit: 10 })).toEqual([]);
  });
});
