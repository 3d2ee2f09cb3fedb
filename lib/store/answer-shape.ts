import { quoted } from '../errors/operator-log.js';
import type { BrokerRecord } from './broker-store.js';

const MOST_MEMBERS = 10;

/** Whether a value is a record by its types. */
export function isRecord(value: unknown): value is BrokerRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, payload, expiresAt, subject, sid } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(version) &&
    typeof payload === 'string' &&
    Number.isSafeInteger(expiresAt) &&
    [subject, sid].every((field) => field === undefined || typeof field === 'string')
  );
}

/** The shape of what a store answered, as a record's content is nobody's business. */
export function shapeOf(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (typeof value === 'function' || typeof value === 'bigint') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return quoted(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const type = classOf(value) ?? 'Object';
  const members = ArrayBuffer.isView(value) ? '' : membersOf(value);
  if (type === 'Object' && members === '') return 'an empty object';
  return `${type === 'Object' ? 'an object' : `an instance of ${type}`}${members === '' ? '' : ` with ${members}`}`;
}

function membersOf(value: object): string {
  const members = Object.entries(value).map(([name, member]) => `${name}: ${kindOf(member)}`);
  return [...members.slice(0, MOST_MEMBERS), ...(members.length > MOST_MEMBERS ? ['…'] : [])].join(', ');
}

function kindOf(member: unknown): string {
  if (member === null) return 'null';
  if (typeof member === 'object') return classOf(member) ?? 'object';
  return typeof member === 'number' && !Number.isSafeInteger(member) ? 'number that is no integer' : typeof member;
}

function classOf(value: object): string | undefined {
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
