import { setImmediate as othersGo } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  MemoryBrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
} from '../../lib/index.js';
import { describeBrokerStore } from '../../lib/testing/index.js';

type Hook = () => Promise<void>;

/** Runs the suite on a store and says which of its tests failed. */
async function failuresOf(makeStore: () => MemoryBrokerStore): Promise<string[]> {
  const tests: (readonly [name: string, body: Hook])[] = [];
  const [before, after]: [Hook[], Hook[]] = [[], []];
  let prefix = '';
  const stores = new Map<string, MemoryBrokerStore>();
  const open = (place: string) => {
    const store = stores.get(place) ?? makeStore();
    stores.set(place, store);
    return store;
  };
  describeBrokerStore('store', open, {
    runner: {
      describe: (name, body) => {
        const outer = prefix;
        prefix = `${outer}${name} `;
        body();
        prefix = outer;
      },
      it: (name, body) => tests.push([prefix + name, body]),
      beforeEach: (body) => before.push(body),
      afterEach: (body) => after.push(body),
      before: () => undefined,
      after: () => undefined,
    },
  });
  const failures: string[] = [];
  for (const [name, body] of tests) {
    for (const hook of before) await hook();
    await body().catch(() => failures.push(name.replace(/^store /, '')));
    for (const hook of after) await hook();
  }
  return failures;
}

class WithoutExpiry extends MemoryBrokerStore {
  override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return super.insert(kind, id, { ...record, expiresAt: Number.MAX_SAFE_INTEGER });
  }
}

class InsertingOver extends MemoryBrokerStore {
  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    await super.remove(kind, id);
    return super.insert(kind, id, record);
  }
}

class LookingBeforeInserting extends MemoryBrokerStore {
  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    if ((await this.find(kind, id)) !== null) return false;
    await othersGo();
    await super.remove(kind, id);
    return super.insert(kind, id, record);
  }
}

class ComparingBeforeSwapping extends MemoryBrokerStore {
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    const found = await this.find(kind, id);
    if (found?.version !== version) return false;
    await othersGo();
    await super.remove(kind, id);
    return super.insert(kind, id, record);
  }
}

class WithoutComparing extends MemoryBrokerStore {
  override async replace(kind: BrokerRecordKind, id: string, _version: number, record: BrokerRecord) {
    const found = await this.find(kind, id);
    return found !== null && super.replace(kind, id, found.version, record);
  }
}

class MergingIndexFields extends MemoryBrokerStore {
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    return super.replace(kind, id, version, { ...(await this.find(kind, id)), ...record });
  }
}

class InsertingByReplacing extends MemoryBrokerStore {
  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord) {
    return (await super.replace(kind, id, version, record)) || super.insert(kind, id, record);
  }
}

class RemovingBlindly extends MemoryBrokerStore {
  override async remove(kind: BrokerRecordKind, id: string) {
    await super.remove(kind, id);
    return true;
  }
}

class OneNamespace extends MemoryBrokerStore {
  override insert(_kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return super.insert('key', id, record);
  }
  override find(_kind: BrokerRecordKind, id: string) {
    return super.find('key', id);
  }
  override remove(_kind: BrokerRecordKind, id: string) {
    return super.remove('key', id);
  }
}

class IgnoringCase extends MemoryBrokerStore {
  override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return super.insert(kind, id.toLowerCase(), record);
  }
  override find(kind: BrokerRecordKind, id: string) {
    return super.find(kind, id.toLowerCase());
  }
}

class CuttingPayloads extends MemoryBrokerStore {
  override insert(kind: BrokerRecordKind, id: string, record: BrokerRecord) {
    return super.insert(kind, id, { ...record, payload: record.payload.slice(0, 65_535) });
  }
}

class RoundingNumbers extends MemoryBrokerStore {
  override async find(kind: BrokerRecordKind, id: string) {
    const found = await super.find(kind, id);
    return found && { ...found, expiresAt: Math.fround(found.expiresAt) };
  }
}

class Lists extends MemoryBrokerStore {
  constructor(
    private readonly change: {
      filter?: (given: BrokerRecordFilter) => BrokerRecordFilter;
      page?: (given: BrokerRecordPage) => BrokerRecordPage;
      order?: (one: string, other: string) => number;
    },
  ) {
    super();
  }
  override async list(kind: BrokerRecordKind, filter: BrokerRecordFilter, page: BrokerRecordPage) {
    const { change } = this;
    const found = await super.list(kind, change.filter?.(filter) ?? filter, change.page?.(page) ?? page);
    return change.order === undefined ? found : found.toSorted((one, other) => change.order!(one.id, other.id));
  }
}

class RemovingWhole extends MemoryBrokerStore {
  override removeAll(kind: BrokerRecordKind) {
    return super.removeAll(kind, {});
  }
}

class Purging extends MemoryBrokerStore {
  constructor(private readonly limit: number) {
    super();
  }
  override async purgeExpired(limit: number) {
    return super.purgeExpired(Math.min(limit, this.limit) || Number.MAX_SAFE_INTEGER);
  }
}

class SecondsClock extends MemoryBrokerStore {
  override async now() {
    return Math.floor(Date.now() / 1_000);
  }
}

describe('the contract suite', () => {
  it('finds nothing wrong with a store that keeps the contract', async () => {
    expect(await failuresOf(() => new MemoryBrokerStore())).toEqual([]);
  });

  it.each<[string, () => MemoryBrokerStore, string]>([
    ['never lets a record expire', () => new WithoutExpiry(), 'a record that has expired is not found'],
    ['inserts over what is there', () => new InsertingOver(), 'a record is not inserted over'],
    ['looks first, then inserts', () => new LookingBeforeInserting(), 'of 50 callers at once one inserts'],
    ['compares first, then swaps', () => new ComparingBeforeSwapping(), 'of 50 callers at once one replaces'],
    ['replaces whatever version is there', () => new WithoutComparing(), 'a record is replaced only at the version'],
    ['leaves old index fields', () => new MergingIndexFields(), 'a record is replaced as a whole'],
    ['inserts by replacing', () => new InsertingByReplacing(), 'a record that is absent is neither made'],
    ['removes what is not there', () => new RemovingBlindly(), 'a record is removed once'],
    ['does not tell kinds apart', () => new OneNamespace(), 'a record is known by kind and id together'],
    ['ignores the case of ids', () => new IgnoringCase(), 'a record is told from those whose ids differ'],
    ['cuts long payloads', () => new CuttingPayloads(), 'a record may have a payload of 100,000 characters'],
    ['rounds great numbers', () => new RoundingNumbers(), 'a record may have a version and an end as great'],
    ['selects by subject alone', () => new Lists({ filter: ({ subject }) => ({ subject }) }), 'a list is selected by'],
    ['selects by sid alone', () => new Lists({ filter: ({ sid }) => ({ sid }) }), 'a list is selected by'],
    [
      'lists by language',
      () => new Lists({ order: (one, other) => one.localeCompare(other) }),
      'a list is in the order',
    ],
    ['lists the first page only', () => new Lists({ page: ({ limit }) => ({ limit }) }), 'a list comes in pages'],
    [
      'has a lower limit',
      () => new Lists({ page: (page) => ({ ...page, limit: Math.min(page.limit, 100) }) }),
      'a list is bounded by its limit',
    ],
    [
      'has no limit',
      () => new Lists({ page: (page) => ({ ...page, limit: 2_000 }) }),
      'a list is bounded by its limit',
    ],
    ['removes all of a kind', () => new RemovingWhole(), 'removing all takes those that are selected'],
    ['purges without a limit', () => new Purging(0), 'the purge removes at most as many'],
    ['purges a few only', () => new Purging(100), 'the purge removes a thousand at once'],
    ['counts seconds', () => new SecondsClock(), 'set-up has a clock of whole milliseconds'],
  ])('finds a store that %s', { timeout: 60_000 }, async (_, makeStore, sentence) => {
    const failures = await failuresOf(makeStore);
    expect(
      failures.some((name) => name.startsWith(sentence)),
      failures.join('\n'),
    ).toBe(true);
  });

  it('says what to give it where there is no runner in the globals', () => {
    expect(() => describeBrokerStore('store', () => new MemoryBrokerStore())).toThrow(
      /no test runner in the globals: give it one, as in \{ runner: await import\('vitest'\) \}/,
    );
  });
});
