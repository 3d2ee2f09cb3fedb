import { quoted } from '../errors/operator-log.js';
import type { BrokerRecord, BrokerRecordFilter, BrokerStore, IdentifiedBrokerRecord } from './broker-store.js';

/** ms by which the database's clock may differ from that of this machine, which is a matter of minutes. */
const CLOCKS_APART = 86_400_000;
/** ms that records of a trial last: longer than all of its statements take where each needs the 5 s it may. */
const LIFETIME = 300_000;
/** More than a column of 64 KiB holds. */
const LONG_PAYLOAD = 70_000;
/** Texts up to this length are shown. */
const SHORT_TEXT = 64;

const PRINTABLE_ASCII = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(32 + index)).join('');
/** All that a payload may hold, with spaces at both ends. */
const EVERY_CHARACTER = `${PRINTABLE_ASCII.repeat(Math.ceil(LONG_PAYLOAD / PRINTABLE_ASCII.length))} `;

const FIELDS = ['version', 'payload', 'expiresAt', 'subject', 'sid'] as const;

type Answer = boolean | BrokerRecord | null | readonly IdentifiedBrokerRecord[];

/** One statement: its method, what is due, and why. */
type Step = readonly [
  method: 'insert' | 'find' | 'replace' | 'remove' | 'list',
  due: Answer,
  call: (store: BrokerStore) => Promise<Answer>,
  reason: string,
];

/** What a store did that the contract does not allow; `answer` follows "it returned". */
export interface Breach {
  readonly method: keyof BrokerStore;
  readonly answer: string;
}

/**
 * Tries what cannot be told by the type of an answer, with records of its own that soon expire: many processes may do
 * so at once, and real records are beside them.
 *
 * `removeAll` is not tried: a store that ignores its filter would remove everybody's records. Nor is `purgeExpired`,
 * which is for all records, too.
 *
 * @param store which answers with the right types
 * @param id random, at most 36 characters: nobody else's
 * @returns the first breach that was found
 */
export async function firstBreach(store: BrokerStore, id: string): Promise<Breach | undefined> {
  const now = await store.now();
  if (Math.abs(now - Date.now()) > CLOCKS_APART) {
    return { method: 'now', answer: `a time more than a day off this machine's clock (${now})` };
  }
  for (const [method, due, call, reason] of stepsAt(now, id)) {
    const difference = differenceOf(due, await call(store), id);
    if (difference !== undefined) return { method, answer: `${difference}: ${reason}` };
  }
  return undefined;
}

function stepsAt(now: number, id: string): readonly Step[] {
  // In the order of their characters' codes, and of no language.
  const [capital, underscore, small] = [`${id}-A`, `${id}-_`, `${id}-a`];
  const expired = `${id}-x`;
  // As long as what they are in use.
  const [subject, sid] = [`s${id}`.padEnd(43, '_'), `i${id}`.padEnd(43, '_')];
  const record: BrokerRecord = { version: 1, payload: EVERY_CHARACTER, expiresAt: now + LIFETIME, subject, sid };
  const next: BrokerRecord = { version: 2, payload: 'its end', expiresAt: now + LIFETIME, sid };
  const other: BrokerRecord = { version: 1, payload: 'another', expiresAt: now + LIFETIME, subject };
  const past: BrokerRecord = { ...record, payload: 'past', expiresAt: now - CLOCKS_APART };
  const others = [
    { ...other, id: underscore },
    { ...other, id: small },
  ];

  const insert = (at: string, written: BrokerRecord) => (store: BrokerStore) => store.insert('marker', at, written);
  const find = (at: string) => (store: BrokerStore) => store.find('marker', at);
  const replace = (at: string, version: number) => (store: BrokerStore) => store.replace('marker', at, version, next);
  const remove = (at: string) => (store: BrokerStore) => store.remove('marker', at);
  const list =
    (filter: BrokerRecordFilter, limit: number, after?: string) =>
    (store: BrokerStore): Promise<Answer> =>
      store.list('marker', filter, { limit, after });

  return [
    ['insert', true, insert(capital, record), 'nothing has this id yet'],
    ['insert', false, insert(capital, record), 'the id was taken'],
    ['insert', true, insert(small, other), 'nothing has this id yet, as ids are case-sensitive'],
    ['insert', true, insert(underscore, other), 'nothing has this id yet'],
    ['find', record, find(capital), 'that was inserted'],
    ['list', [{ ...record, id: capital }], list({ subject, sid }, 10), 'that has this subject and this sid'],
    [
      'list',
      [others[0]!],
      list({ subject }, 1, capital),
      '"after" and "limit" ask for one, the next by the codes of its characters',
    ],
    ['replace', false, replace(capital, 2), 'the record has version 1, not 2'],
    ['replace', true, replace(capital, 1), 'the record has this version'],
    ['find', next, find(capital), 'that has replaced all of the record'],
    ['list', others, list({ subject }, 10), 'what was replaced has no subject any more'],
    ['remove', true, remove(capital), 'the record is there'],
    ['remove', false, remove(capital), 'the record was just removed'],
    ['replace', false, replace(capital, 2), 'the record was just removed'],
    ['find', null, find(capital), 'the record was just removed'],
    ['insert', true, insert(expired, past), 'nothing has this id yet'],
    ['find', null, find(expired), 'the record has expired'],
    ['replace', false, replace(expired, 1), 'the record has expired'],
    ['remove', false, remove(expired), 'the record has expired'],
    ['list', others, list({ subject }, 10), 'of these one was removed, and one has expired'],
    ['insert', true, insert(expired, next), 'what has this id has expired'],
    ['find', next, find(expired), 'that was inserted in the place of one that had expired, all of it'],
    ['remove', true, remove(expired), 'the record is there'],
    ['remove', true, remove(small), 'the record is there'],
    ['remove', true, remove(underscore), 'the record is there'],
  ];
}

/** Says what was answered where something else was due. All of it is the trial's own. */
function differenceOf(due: Answer, answer: Answer, id: string): string | undefined {
  if (isList(due) && isList(answer)) return differenceOfLists(due, answer, id);
  if (isRecord(due) && isRecord(answer)) return differenceOfRecords(due, answer);
  return due === answer ? undefined : `${inWords(answer)} where ${inWords(due)} was due`;
}

function differenceOfLists(
  due: readonly IdentifiedBrokerRecord[],
  answer: readonly IdentifiedBrokerRecord[],
  id: string,
): string | undefined {
  // Whose else they are is nobody's business.
  if (answer.some((record) => !record.id.startsWith(id))) return 'records that the filter leaves out';
  const [ids, idsDue] = [answer, due].map((records) => records.map((record) => record.id.slice(id.length + 1)).join());
  if (ids !== idsDue) return `the trial's records [${ids}] where [${idsDue}] were due`;
  const differences = due.map((record, index) => differenceOfRecords(record, answer[index]!));
  return differences.find((difference) => difference !== undefined);
}

function differenceOfRecords(due: BrokerRecord, answer: BrokerRecord): string | undefined {
  const differences = FIELDS.filter((field) => answer[field] !== due[field]).map(
    (field) => `${field} is ${valuesInWords(answer[field], due[field])}`,
  );
  return differences.length === 0 ? undefined : `a record whose ${differences.join(', and whose ')}`;
}

function valuesInWords(value: unknown, due: unknown): string {
  if (typeof value === 'string' && typeof due === 'string' && value.length === due.length && !isShort(due)) {
    const place = [...due].findIndex((character, index) => character !== value[index]);
    return `another text than was due, from character ${place} on`;
  }
  return `${valueInWords(value)} where ${valueInWords(due)} was due`;
}

function valueInWords(value: unknown): string {
  return typeof value === 'string' && !isShort(value) ? `a text of ${value.length} characters` : quoted(value);
}

function isShort(text: string): boolean {
  return text.length <= SHORT_TEXT;
}

function inWords(answer: Answer): string {
  return isRecord(answer) ? 'a record' : String(answer);
}

function isList(answer: Answer): answer is readonly IdentifiedBrokerRecord[] {
  return Array.isArray(answer);
}

function isRecord(answer: Answer): answer is BrokerRecord {
  return typeof answer === 'object' && answer !== null && !isList(answer);
}
