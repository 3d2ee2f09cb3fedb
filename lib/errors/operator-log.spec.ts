import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { OidcAuthError } from './oidc-auth-error.js';
import { OperatorLog, quoted } from './operator-log.js';

let warn: MockInstance<Logger['warn']>;
let error: MockInstance<Logger['error']>;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const refused = (hint: string) => new OidcAuthError('token_issuer_unknown', 'refused', { operatorHint: hint });
const down = (hint: string) => new OidcAuthError('provider_unreachable', 'down', { operatorHint: hint });

describe('the operator log', () => {
  it('cannot be flooded by who chooses what tokens say: one line in ten seconds, and how many more there were', () => {
    const log = new OperatorLog();
    for (let index = 0; index < 300; index++) log.report(refused(`iss is ${index}`));
    expect(warn.mock.calls).toEqual([['iss is 0']]);
    vi.advanceTimersByTime(10_000);
    log.report(refused('iss is again'));
    expect(warn.mock.calls[1]).toEqual(['iss is again (and 299 more of this kind before)']);
  });

  it('tells troubles of the provider apart by what they say', () => {
    const log = new OperatorLog();
    log.report(down('token endpoint'));
    log.report(down('keys'));
    log.report(down('keys'));
    expect(error.mock.calls).toEqual([['token endpoint'], ['keys']]);
  });

  it('reports an error once, however many callers it fails', () => {
    const shared = down('discovery');
    new OperatorLog().report(shared);
    new OperatorLog().report(shared);
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('says nothing of errors that are no concern of the operator', () => {
    new OperatorLog().report(new OidcAuthError('token_missing', 'A bearer token is missing.'));
    new OperatorLog().report(new Error('foreign'));
    expect([...warn.mock.calls, ...error.mock.calls]).toEqual([]);
  });
});

describe('a value from outside in a line', () => {
  it('is quoted, short, and without anything that a terminal would obey', () => {
    expect(quoted('a\nb')).toBe('"a\\nb"');
    expect(quoted('\u009b31m\u2028')).toBe('"?31m?"');
    expect(quoted('x'.repeat(1_000))).toHaveLength(201);
    expect(quoted(undefined)).toBe('undefined');
  });
});
