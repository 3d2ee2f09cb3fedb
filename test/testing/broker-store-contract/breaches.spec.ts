import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as othersGo } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  MemoryBrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
} from '../../../lib/index.js';
import { describeBrokerStore } from '../../../lib/testing/index.js';
import { storeProcess } from '../../fixtures/stores/contract-options.js';
import { failuresOf } from './failures-of.js';
import { open as openByItsProcess } from './open-by-own-clock.js';
import { open as openLookingFirst } from './open-looking-first.js';

/** Opens for each place one store, which all who ask for the place share. */
function shared(makeStore: () => MemoryBrokerStore): (place: string) => MemoryBrokerStore {
  const stores = new Map<string, MemoryBrokerStore>();
  return (place) => {
    const store = stores.get(place) ?? makeStore();
    stores.set(place, store);
    return store;
  };
}

type Method = (...given: unknown[]) => Promise<never>;

const METHODS = 'ping now insert find replace remove list removeAll purgeExpired close'.split(' ') as 'find'[];

const PROXY = { loseNextAnswer: async () => undefined, hang() {}, resume() {}, close() {} };

/** A store whose methods are all carried out by `carryOut`. */
function carriedOut(carryOut: (method: Method, ...given: unknown[]) => Promise<never>) {
  return shared(() => {
    const store = new MemoryBrokerStore();
    for (const name of METHODS) {
      const method = store[name].bind(store) as Method;
      store[name] = (...given: unknown[]) => carryOut(method, ...given);
    }
    return store;
  });
}

/** A store on a database that can hang, and what its methods do then. */
function hanging(meanwhile: () => Promise<never>): Parameters<typeof failuresOf> {
  let isHanging = false;
  const open = carriedOut((method, ...given) => (isHanging ? meanwhile() : method(...given)));
  const proxy = (place: string) => ({
    ...PROXY,
    place,
    hang: () => void (isHanging = true),
    resume: () => void (isHanging = false),
  });
  return [open, { proxy }, 'where the database hangs'];
}

/** A store on a database whose answers get lost, and what its methods do then. */
function losingAnswers(afterwards: (method: () => Promise<never>) => Promise<never>): Parameters<typeof failuresOf> {
  let lost: (() => void) | undefined;
  const open = carriedOut(async (method, ...given) => {
    const outcome = await method(...given);
    if (lost === undefined) return outcome;
    lost();
    lost = undefined;
    return afterwards(() => method(...given));
  });
  const proxy = (place: string) => ({
    ...PROXY,
    place,
    loseNextAnswer: () => new Promise<void>((resolve) => void (lost = resolve)),
  });
  return [open, { proxy }, LOST];
}

const LOST = 'where an answer is lost';

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

/** Names of files for as many tests of a suite as ask. */
async function databaseFiles(): Promise<() => string> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return () => `sqlite://${folder}/${randomUUID()}.sqlite`;
}

describe('the contract suite', () => {
  it('finds nothing wrong with a store that keeps the contract', async () => {
    expect(await failuresOf(shared(() => new MemoryBrokerStore()))).toEqual([]);
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
    ['counts seconds', () => new SecondsClock(), 'a store that was set up has a clock of whole milliseconds'],
  ])('finds a store that %s', { timeout: 60_000 }, async (_, makeStore, sentence) => {
    const failures = (await failuresOf(shared(makeStore))).map(({ test }) => test);
    expect(
      failures.some((name) => name.startsWith(sentence)),
      failures.join('\n'),
    ).toBe(true);
  });

  it('finds a store that keeps the records of all places together', async () => {
    const store = new MemoryBrokerStore();
    const failures = await failuresOf(() => store, {}, 'another place');
    expect(failures[0]?.test).toBe('a store that was set up knows nothing of the records at another place');
  });

  it('finds a store that many cannot set up at once', async () => {
    class MakingATable extends MemoryBrokerStore {
      private isSetUp = false;
      override async setup() {
        const isMissing = !this.isSetUp;
        await othersGo();
        if (isMissing && this.isSetUp) throw new Error('the table exists');
        this.isSetUp = true;
      }
    }
    const failures = await failuresOf(shared(() => new MakingATable()));
    expect(failures.map(({ test }) => test)).toEqual([
      'a store that was set up works when many did it at once, where nobody had before',
    ]);
  });

  // They wait, for processes and for a time limit.
  describe('in some seconds', { timeout: 60_000 }, () => {
    it('finds a store that asks the clock of its process, in "now" and in "find"', async () => {
      const failures = await failuresOf(
        openByItsProcess,
        {
          create: await databaseFiles(),
          process: storeProcess(new URL('./open-by-own-clock.ts', import.meta.url)),
        },
        'of 4 processes all',
      );
      expect(failures.map(({ test }) => test)).toEqual([
        'of 4 processes all read the same clock',
        'of 4 processes all judge expiry by it, whatever their own clocks say',
      ]);
    });

    it.each([
      ['looks whether there is something, then inserts', 'insert', 'of 4 processes one inserts'],
      ['looks at the version, then replaces', 'replace', 'of 4 processes one replaces a version'],
      ['looks whether it is there, then removes', 'remove', 'of 4 processes one removes'],
    ])('finds a store that %s', async (_, method, sentence) => {
      const place = await databaseFiles();
      const failures = await failuresOf(
        openLookingFirst,
        {
          create: () => `${place()}?${method}`,
          process: storeProcess(new URL('./open-looking-first.ts', import.meta.url)),
        },
        sentence,
      );
      expect(failures.map(({ test }) => test)).toContain(sentence);
    });

    it('finds a store whose methods wait as long as the database hangs', async () => {
      const failures = await failuresOf(...hanging(() => new Promise(() => undefined)));
      expect(failures).toHaveLength(1);
      for (const method of METHODS) expect(failures[0]!.message).toContain(`${method}: 'has not ended after 7000 ms'`);
    });
  });

  it('finds a store that does what it did once more when its answer was lost', async () => {
    const failures = await failuresOf(...losingAnswers((method) => method()));
    expect(failures.map(({ test }) => test.replace(/.* and /, ''))).toEqual([
      'insert rejects or tells the truth',
      'replace rejects or tells the truth',
      'remove rejects or tells the truth',
      'removeAll rejects or tells the truth',
    ]);
  });

  it('finds no fault with one that rejects then', async () => {
    expect(await failuresOf(...losingAnswers(() => Promise.reject(new Error('no answer'))))).toEqual([]);
  });

  it('does not take it for kept where no answer was lost', async () => {
    const loseNextAnswer = () => new Promise<void>(() => undefined);
    const proxy = (place: string) => ({ ...PROXY, place, loseNextAnswer });
    const failures = await failuresOf(
      shared(() => new MemoryBrokerStore()),
      { proxy },
      LOST,
    );
    expect(failures).toHaveLength(6);
    expect(failures.every(({ message }) => message.startsWith('no answer was lost'))).toBe(true);
  });

  it('finds no fault with one whose methods reject meanwhile', async () => {
    expect(await failuresOf(...hanging(() => Promise.reject(new Error('no answer'))))).toEqual([]);
  });

  it('opens another store, and takes each place away, when one could not be closed', async () => {
    const [made, destroyed] = [new Set<string>(), new Set<string>()];
    class ClosingBadly extends MemoryBrokerStore {
      override async close() {
        if (made.size === 1) throw new Error('not closed');
      }
    }
    const failures = await failuresOf(
      shared(() => new ClosingBadly()),
      {
        create: () => {
          made.add(`place-${made.size}`);
          return `place-${made.size - 1}`;
        },
        destroy: (place) => void destroyed.add(place),
      },
      'a record',
    );
    expect(failures).toEqual([expect.objectContaining({ message: 'not closed' })]);
    expect(made.size).toBeGreaterThan(5);
    expect(destroyed).toEqual(made);
  });

  it('says what to give it where there is no runner in the globals', () => {
    expect(() => describeBrokerStore('store', () => new MemoryBrokerStore())).toThrow(
      /no test runner in the globals: give it one, as in \{ runner: await import\('vitest'\) \}/,
    );
  });
});
