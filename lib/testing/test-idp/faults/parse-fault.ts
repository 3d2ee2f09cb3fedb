import { validateHeaderName, validateHeaderValue } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { PATHS } from '../endpoints/endpoints.js';
import { TestIdpError } from '../errors.js';
import { assertKnown, assertMembers, isObject, shown } from '../options/known-names.js';
import { faultsAt } from './fault-catalogue.js';
import { edited, type Fault, fixed } from './fault-effects.js';
import type { TestIdpEdit, TestIdpFault, TestIdpFaultPlace, TestIdpOtherAnswer } from './fault-types.js';

const ENDPOINTS = Object.keys(PATHS);
/** Their answers are pages, or empty. */
const NOTHING_TO_EDIT: readonly string[] = ['device_verification', 'revocation', 'end_session'];
const LONGEST_TIMER = 2 ** 31 - 1;

export function assertEndpoint(endpoint: unknown): void {
  assertKnown('endpoint', endpoint, ENDPOINTS);
}

export function assertPlace(place: unknown): void {
  assertKnown('endpoint', place, [...ENDPOINTS, 'all']);
}

/** What a fault does at a place. One that could never happen is an error at once, as a test would pass without it. */
export function faultOf(place: TestIdpFaultPlace, fault: TestIdpFault): Fault {
  assertPlace(place);
  if (typeof fault === 'string') {
    const faults = faultsAt(place);
    assertKnown('fault', fault, Object.keys(faults), ` at ${place}`);
    return faults[fault]!;
  }
  if (isObject(fault) && 'status' in fault) return otherAnswer(fault as TestIdpOtherAnswer);
  assertMembers('fault', fault, ['slow', 'status', 'edit']);
  const kinds = Object.keys(fault);
  if (kinds.length !== 1) throw wrong('A fault', 'a name, { slow }, { status, body, headers } or { edit }', fault);
  return 'slow' in fault ? slow(fault.slow) : edit(place, (fault as TestIdpEdit).edit);
}

function otherAnswer(fault: TestIdpOtherAnswer): Fault {
  assertMembers('member', fault, ['status', 'body', 'headers'], ' of a fault with a status');
  const { status, body = '', headers = {} } = fault;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw wrong('status', 'a number from 200 to 599', status);
  }
  if (typeof body !== 'string' && !isObject(body)) throw wrong('body', 'a text or an object', body);
  // What has no JSON throws now.
  JSON.stringify(body);
  if (!isObject(headers)) throw wrong('headers', 'an object of names and values', headers);
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return fixed(status, typeof body === 'string' ? 'text/plain' : 'application/json', body, headers);
}

function slow(ms: unknown): Fault {
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= LONGEST_TIMER)) {
    throw wrong('slow', `a number of ms up to ${LONGEST_TIMER}`, ms);
  }
  return async (_exchange, answer) => {
    await wait(ms, undefined, { ref: false });
    return answer();
  };
}

function edit(place: TestIdpFaultPlace, change: unknown): Fault {
  if (typeof change !== 'function') throw wrong('edit', 'a function', change);
  if (!NOTHING_TO_EDIT.includes(place)) return edited(change as TestIdpEdit['edit']);
  const editable = ENDPOINTS.filter((name) => !NOTHING_TO_EDIT.includes(name));
  throw new TestIdpError(
    `There is nothing to edit at ${place}, which answers no JSON. \`edit\` works at: ${editable.join(', ')}, all.`,
  );
}

function wrong(what: string, be: string, value: unknown): TestIdpError {
  return new TestIdpError(`${what} must be ${be}, not ${shown(value)}.`);
}
