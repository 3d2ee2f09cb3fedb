import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { loginAddress, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('an error that the provider answers to a login, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const login = async () => {
    const { response } = await new UserAgent().follow(loginAddress(app, { redirect_uri: ownCallback(app) }));
    return response;
  };

  /** The answer of a login with an error put in, as a provider would that the fixture cannot play. */
  const answered = async (changes: Record<string, string>) => {
    const browser = new UserAgent();
    const answer = await signIn(app, { redirect_uri: ownCallback(app) }, browser);
    return browser.get(answer.with({ code: undefined, ...changes }));
  };

  it('is 403 access_denied where the person said no', async () => {
    op.denyNext();
    const response = await login();
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    const body = await expectOAuthError(response, 403, 'access_denied');
    expect(body.error_description).toBe('End-User aborted interaction');
  });

  it.each([
    ['access_denied', 403],
    ['login_required', 401],
    ['consent_required', 401],
    ['interaction_required', 401],
    ['account_selection_required', 401],
    ['server_error', 502],
    ['temporarily_unavailable', 503],
    ['invalid_request', 400],
    ['invalid_scope', 400],
    ['unauthorized_client', 400],
    ['unsupported_response_type', 400],
    ['unmet_authentication_requirements', 400],
    ['x-error-of-one-provider', 400],
  ])('%s becomes %i', async (error, status) => {
    op.failNextAuthorization(error, 'What the provider says.');
    const body = await expectOAuthError(await login(), status, error);
    expect(body.error_description).toBe('What the provider says.');
    expect(op.requests('token')).toEqual([]);
  });

  it('has a text of ours where the provider gave none', async () => {
    const body = await expectOAuthError(await answered({ error: 'login_required' }), 401, 'login_required');
    expect(body.error_description).toMatch(/identity provider/);
  });

  it('wins over a code that comes with it', async () => {
    await expectOAuthError(await answered({ error: 'access_denied', code: 'x' }), 403, 'access_denied');
    expect(op.requests('token')).toEqual([]);
  });

  it.each([
    ['line breaks', 'one\r\ntwo\nthree', 'onetwothree'],
    ['quotes and backslashes', '"one" \\ two', 'one  two'],
    ['control characters', 'one\u0000\u001b[31m\u007f two', 'one[31m two'],
    ['characters beyond ASCII', 'Zugriff verweigert f\u00fcr \u2603', 'Zugriff verweigert fr '],
    ['more than 200 characters', 'a'.repeat(1_000), 'a'.repeat(200)],
  ])('is described in the characters of RFC 6749 only: no %s', async (_, error_description, expected) => {
    const response = await answered({ error: 'access_denied', error_description });
    expect((await expectOAuthError(response, 403, 'access_denied')).error_description).toBe(expected);
  });

  it.each([
    ['a line break', 'access\r\n_denied'],
    ['markup', '<script>'],
    ['a quote', 'access"denied'],
    ['characters beyond ASCII', '\u2603'],
    ['more characters than any code has', 'a'.repeat(65)],
  ])('passes no code on that is none: one with %s becomes invalid_request', async (_, error) => {
    await expectOAuthError(await answered({ error }), 400, 'invalid_request');
  });

  it.each(['constructor', 'toString', '__proto__'])('takes any other word for what it is: %s', async (error) => {
    await expectOAuthError(await answered({ error }), 400, error);
  });

  it('is reported only for a state that is ours, so nobody can show words of theirs', async () => {
    const forged = new URLSearchParams({ state: 'x', error: 'access_denied', error_description: 'Call 555-0100' });
    const response = await new UserAgent().get(`${ownCallback(app)}?${forged}`);
    const body = await expectOAuthError(response, 400, 'invalid_request');
    expect(body.detail).not.toContain('555');
  });
});
